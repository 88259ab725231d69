"""The exporter's rules for single lines. `./dev replay` checks the whole export against the data's own sum."""

import unittest
from types import SimpleNamespace

from export_baskets import BY_VOLUME, NO_QUANTITY, NO_VALUE, SPLIT, order_lines, place_coupons


def redemptions(*rows):
    class Rows:
        def itertuples(self, index):
            return (SimpleNamespace(campaign_id=c, household_id=h, day=d) for c, h, d in rows)

    return Rows()


def basket(household, day, discount):
    return {"household": household, "day": day, "discount": discount, "campaign": None}


class OrderLines(unittest.TestCase):
    def test_a_divisible_line_stays_one_line(self):
        self.assertEqual(order_lines(3, 597), ([(199, 3)], None))

    def test_an_indivisible_line_becomes_two_of_neighbouring_prices(self):
        self.assertEqual(order_lines(3, 500), ([(166, 1), (167, 2)], SPLIT))

    def test_petrol_is_one_unit(self):
        self.assertEqual(order_lines(8725, 2006), ([(2006, 1)], BY_VOLUME))

    def test_lines_that_sold_nothing_are_skipped_with_their_reason(self):
        self.assertEqual(order_lines(1, 0), ([], NO_VALUE))
        self.assertEqual(order_lines(0, 50), ([], NO_QUANTITY))

    def test_every_line_with_value_keeps_its_cents_and_its_units(self):
        for quantity in range(1, 60):
            for cents in range(quantity, 400):
                pairs, _ = order_lines(quantity, cents)
                self.assertEqual(sum(price * units for price, units in pairs), cents)
                self.assertEqual(sum(units for _, units in pairs), quantity)
                self.assertTrue(all(price > 0 and units > 0 for price, units in pairs))


class Coupons(unittest.TestCase):
    def test_a_household_uses_one_coupon_of_a_campaign_on_its_most_discounted_basket(self):
        baskets = {1: basket(7, "d1", 10), 2: basket(7, "d1", 90), 3: basket(7, "d2", 20)}
        households, unplaced = place_coupons(baskets, redemptions((26, 7, "d1"), (26, 7, "d2")))
        self.assertEqual([b["campaign"] for b in baskets.values()], [None, 26, None])
        self.assertEqual((dict(households), unplaced), ({26: [7]}, []))

    def test_a_second_campaign_without_a_free_basket_is_listed(self):
        baskets = {1: basket(7, "d1", 10)}
        _, unplaced = place_coupons(baskets, redemptions((25, 7, "d1"), (26, 7, "d1")))
        self.assertEqual((baskets[1]["campaign"], unplaced), (25, [{"campaign": "26", "household": "7"}]))


if __name__ == "__main__":
    unittest.main()
