//! What an order costs.

use domain::Money;
use domain::order::{Discount, OrderLine};

use super::orders::Order;

/// What is wrong with the lines: each is its pieces times their price, and together they are the subtotal.
pub(super) fn wrong_lines(lines: &[OrderLine], subtotal: Money) -> Option<String> {
    let mut sum: i128 = 0;
    for line in lines {
        let price = i128::from(line.unit_price.amount()) * i128::from(line.quantity);
        let pieces: u64 = line.allocations.iter().map(|a| u64::from(a.quantity)).sum();
        let currencies = [line.unit_price.currency(), line.amount.currency()];
        if price != i128::from(line.amount.amount())
            || pieces != u64::from(line.quantity)
            || currencies != [subtotal.currency(); 2]
        {
            return Some(format!(
                "{} of product {} at {} ({pieces} allocated) cost {}, in an order in {}",
                line.quantity,
                line.product_id,
                line.unit_price,
                line.amount,
                subtotal.currency()
            ));
        }
        sum += price;
    }
    let agrees = sum == i128::from(subtotal.amount()) && !lines.is_empty();
    (!agrees).then(|| format!("the {} lines cost {sum}, not {subtotal}", lines.len()))
}

/// What is wrong with the total: it is the subtotal less the discount, and not negative.
pub(super) fn wrong_total(
    order: &Order,
    discount: Option<&Discount>,
    total: Money,
) -> Option<String> {
    let off = discount.map_or(0, |discount| i128::from(discount.amount.amount()));
    let same_currency = total.currency() == order.currency
        && discount.is_none_or(|discount| discount.amount.currency() == order.currency);
    let agrees =
        same_currency && total.amount() >= 0 && i128::from(total.amount()) == order.subtotal - off;
    (!agrees).then(|| format!("{total} is not {} less {off}", order.subtotal))
}
