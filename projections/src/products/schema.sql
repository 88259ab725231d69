-- The catalogue. Prices are in minor units of `currency`.
CREATE TABLE products (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    category     text COLLATE "C" NOT NULL,
    brand        text COLLATE "C" NOT NULL,
    description  text,
    images       jsonb NOT NULL,            -- an array of URLs
    currency     text COLLATE "C" NOT NULL,
    price_amount bigint NOT NULL,
    state        text COLLATE "C" NOT NULL, -- DRAFT (not yet on sale), ON_SALE, SOLD_OUT
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    version      bigint NOT NULL,           -- the sequence of its last event: the ETag
    search_text  text COLLATE "C" NOT NULL  -- what a keyword is looked for in
                 GENERATED ALWAYS AS (read_model.search_text(name, brand, category)) STORED,
    search_grams text[] NOT NULL            -- and its grams, for the index
                 GENERATED ALWAYS AS (read_model.search_grams(read_model.search_text(name, brand, category))) STORED
);
-- GET /products: each sort, alone and within a category or a brand (read backwards for the other direction).
CREATE INDEX products_created_idx ON products (created_at, id);
CREATE INDEX products_price_idx ON products (price_amount, id);
CREATE INDEX products_category_created_idx ON products (category, created_at, id);
CREATE INDEX products_category_price_idx ON products (category, price_amount, id);
CREATE INDEX products_brand_created_idx ON products (brand, created_at, id);
CREATE INDEX products_brand_price_idx ON products (brand, price_amount, id);
-- keyword: search_grams @> read_model.keyword_grams($1)
--      AND strpos(search_text, read_model.search_text($1)) > 0
CREATE INDEX products_search_idx ON products USING gin (search_grams);

-- How many pieces were sold (paid, and not given back): the sort `popular`. A table of its own, because a
-- sale would otherwise rewrite every index of the product. Every product has a row.
CREATE TABLE product_sales (
    product_id uuid PRIMARY KEY,
    sold_count bigint NOT NULL
);
CREATE INDEX product_sales_popular_idx ON product_sales (sold_count, product_id);

-- GET /products/{id}/stock. What can be ordered is stock - reserved_stock. A product that never had
-- stock has no row.
CREATE TABLE stock (
    product_id     uuid PRIMARY KEY,
    stock          bigint NOT NULL,
    reserved_stock bigint NOT NULL,
    updated_at     timestamptz NOT NULL,
    version        bigint NOT NULL,
    CONSTRAINT stock_covers_reserved CHECK (reserved_stock >= 0 AND stock >= reserved_stock)
);

CREATE TABLE stock_by_warehouse (
    product_id     uuid NOT NULL,
    warehouse      text COLLATE "C" NOT NULL,
    stock          bigint NOT NULL,
    reserved_stock bigint NOT NULL,
    PRIMARY KEY (product_id, warehouse),
    CONSTRAINT stock_by_warehouse_covers_reserved CHECK (reserved_stock >= 0 AND stock >= reserved_stock)
);
