//! The audit: whatever happened on the way, this must be true in the end.

use domain::order::OrderStatus;
use domain::payment::PaymentStatus;

use super::{PRICE, STOCK, Sale, Shop};

impl Shop {
    /// Every sale ended in one of its legal states, the gateway charged at most once for each and keeps
    /// just what paid orders cost, and the stock is that of the orders.
    pub(crate) async fn assert_books_balance(&self, sales: &[Sale]) {
        let mut sold = 0;
        for sale in sales {
            let order = self.order_status(sale.order_id).await;
            let payment = self.payment(sale.payment_id).await.status;
            let balance = self.bank.balance(sale.order_id.uuid()).await;
            let at = format!("{sale:?}: order {order:?}, payment {payment:?}, {balance:?}");
            assert!(balance.charges <= 1, "charged twice: {at}");
            match order {
                OrderStatus::Paid | OrderStatus::Confirmed => {
                    sold += 1;
                    assert_eq!(payment, PaymentStatus::Succeeded, "{at}");
                    assert_eq!(balance.kept, PRICE, "{at}");
                }
                OrderStatus::Cancelled => {
                    let ended = matches!(
                        payment,
                        PaymentStatus::Failed | PaymentStatus::Cancelled | PaymentStatus::Refunded
                    );
                    assert!(ended, "{at}");
                    assert_eq!(balance.kept, 0, "{at}");
                    assert_eq!(balance.charges, balance.refunds, "{at}");
                }
                OrderStatus::Pending | OrderStatus::Shipped | OrderStatus::Delivered => {
                    unreachable!("not an end: {at}")
                }
            }
        }
        assert_eq!(
            self.stock().await,
            (STOCK - sold, 0),
            "stock and reservations"
        );
    }
}
