-- How products are found by keyword: one definition for the projector that writes the grams and the
-- query that looks for them.
--
-- Grams are runs of one and two characters, not of three as in pg_trgm: most Korean words that people
-- search for have two syllables, and a pattern of two characters has no trigram, so that no index helps.

-- As both documents and keywords are compared: lower case, single spaces. A document's fields are joined
-- by line feeds (chr(10)), which no keyword contains.
CREATE FUNCTION read_model.search_text(VARIADIC fields text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(btrim(regexp_replace(lower(f.field), '\s+', ' ', 'g')), chr(10) ORDER BY f.number)
      FROM unnest(fields) WITH ORDINALITY AS f(field, number)
$$;

-- The grams of a document.
CREATE FUNCTION read_model.search_grams(document text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT g.gram), '{}')
      FROM (SELECT c.letter AS gram, 1 AS letters FROM unnest(string_to_array(document, NULL)) AS c(letter)
            UNION ALL
            SELECT c.letter || lead(c.letter) OVER (ORDER BY c.number), 2
              FROM unnest(string_to_array(document, NULL)) WITH ORDINALITY AS c(letter, number)) g
     WHERE g.gram IS NOT NULL AND position(chr(10) IN g.gram) = 0
$$;

-- The grams that a document must have to contain a keyword: pairs, or the one character that it has.
CREATE FUNCTION read_model.keyword_grams(keyword text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(g.gram), '{}')
      FROM unnest(read_model.search_grams(read_model.search_text(keyword))) AS g(gram)
     WHERE char_length(g.gram) = least(2, char_length(read_model.search_text(keyword)))
$$;
