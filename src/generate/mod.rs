//! The least network security group, route table and firewall policy that let a service work, from what the rules say it
//! needs.
//!
//! `make` asks the rules what a service needs in a subnet that lets nothing pass, `lines` makes the rules and routes of
//! it, `resources` the resources around them; each form of text is a file of its own. What is made is judged as any other
//! input is before it is handed out.

mod arm;
mod az;
mod bicep;
mod lines;
mod make;
mod plan;
mod request;
mod resources;
mod terraform;
mod words;

pub use make::{Failure, MissingFact, Order, generate};
pub use plan::Plan;

/// A form that a plan is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An ARM template.
    Arm,
    /// Bicep.
    Bicep,
    /// Terraform, with the provider azurerm.
    Terraform,
    /// Commands of `az` for a POSIX shell.
    Az,
    /// A request to those who look after the firewall, in Markdown.
    Request,
}

impl Plan {
    /// The plan as text.
    pub fn write(&self, form: Form) -> String {
        match form {
            Form::Arm => arm::write(self),
            Form::Bicep => bicep::write(self),
            Form::Terraform => terraform::write(self),
            Form::Az => az::write(self),
            Form::Request => request::write(self),
        }
    }
}
