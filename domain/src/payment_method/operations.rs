//! What users and gateways do to payment methods.

use serde_json::{Value, json};

use super::{DeletionReason, PaymentMethodCommand, PaymentMethods};
use crate::ids::{PaymentMethodId, UserId};
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Ask for a new method. The gateway itself is called by a saga.
#[derive(Clone, Debug)]
pub struct RequestPaymentMethod {
    /// Whose.
    pub user_id: UserId,
    /// The method's new id.
    pub method_id: PaymentMethodId,
    /// Of which gateway.
    pub gateway: String,
    /// What the gateway gave the user's browser.
    pub auth_token: String,
}

/// Charge a method when nothing else is named.
#[derive(Clone, Debug)]
pub struct MakeDefaultPaymentMethod {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub method_id: PaymentMethodId,
}

/// Charge a method no more. Its key is erased by a saga.
#[derive(Clone, Debug)]
pub struct DeletePaymentMethod {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub method_id: PaymentMethodId,
    /// Why.
    pub reason: DeletionReason,
}

impl Operation for RequestPaymentMethod {
    fn name(&self) -> &'static str {
        "request-payment-method"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PaymentMethods>(&self.user_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let request = PaymentMethodCommand::Request {
            method_id: self.method_id,
            gateway: self.gateway.clone(),
            auth_token: self.auth_token.clone(),
        };
        workspace.execute::<PaymentMethods>(&self.user_id, request)?;
        Ok(json!({ "id": self.method_id, "gateway": self.gateway, "status": "PENDING" }))
    }
}

impl Operation for MakeDefaultPaymentMethod {
    fn name(&self) -> &'static str {
        "make-default-payment-method"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PaymentMethods>(&self.user_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let method_id = self.method_id;
        let make_default = PaymentMethodCommand::MakeDefault { method_id };
        workspace.execute::<PaymentMethods>(&self.user_id, make_default)?;
        Ok(json!({ "id": method_id, "isDefault": true }))
    }
}

impl Operation for DeletePaymentMethod {
    fn name(&self) -> &'static str {
        "delete-payment-method"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<PaymentMethods>(&self.user_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (method_id, reason) = (self.method_id, self.reason);
        let delete = PaymentMethodCommand::Delete { method_id, reason };
        workspace.execute::<PaymentMethods>(&self.user_id, delete)?;
        let methods = workspace.read::<PaymentMethods>(&self.user_id)?;
        let default = methods.default_method();
        Ok(json!({ "id": method_id, "status": "DELETED", "defaultId": default }))
    }
}
