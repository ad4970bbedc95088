//! What a row of the table is.

/// A resource of Terraform that is one of Azure's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping {
    /// Its type, such as `azurerm_subnet`.
    pub(crate) terraform: &'static str,
    /// Its type in Azure.
    pub(crate) azure: &'static str,
    /// Where its id begins.
    pub(crate) parent: Parent,
    /// The argument with its name.
    pub(crate) name: &'static str,
    /// Its arguments.
    pub(crate) rows: &'static [Row],
}

/// Where the id of a resource begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// The subscription.
    Subscription,
    /// Its resource group.
    Group,
    /// A resource of this type in its resource group, named by this argument.
    Named(&'static str, &'static str),
    /// The id in this argument.
    Of(&'static str),
    /// As the azapi provider writes it.
    Azapi,
}

/// An argument and the property that it becomes. `from` may lead through blocks, with dots between them; `to` likewise,
/// below `properties` unless it begins with a slash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) how: How,
}

/// How an argument becomes a property.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    /// As it is.
    Same,
    /// A name that may be read off another resource, or an address: as it is.
    Read,
    /// An id becomes `{ id }`.
    Id,
    /// A list of ids becomes a list of `{ id }`.
    Ids,
    /// An id that stays one.
    PlainId,
    /// A list of ids that stay ones.
    PlainIds,
    /// `true` is `Enabled`, `false` is `Disabled`.
    Enabled,
    /// `true` is `Disabled`, `false` is `Enabled`.
    Disabled,
    /// The other one of `true` and `false`.
    Not,
    /// A number becomes a text.
    Text,
    /// What a text holds ahead of its first underscore: `Premium_1` is `Premium`.
    Head,
    /// Several texts become one, with commas between them.
    Joined,
    /// A value becomes a list of one.
    Listed,
    /// A block becomes an object.
    One(&'static [Row]),
    /// Blocks become a list of objects.
    Each(&'static [Row]),
    /// Blocks become a list of objects with `properties` of their own.
    Children(&'static [Row]),
    /// Texts become objects with the text under this key.
    Under(&'static str),
    /// Ids become objects with the id under this key of their `properties`.
    IdsUnder(&'static str),
    /// Whatever the arguments are.
    Fixed(&'static str),
    /// Whether there is such a block: `Enabled` or `Disabled`.
    Presence,
}

/// A block of a resource that is a resource of its own in Azure, below it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inner {
    /// The type with such a block.
    pub(crate) terraform: &'static str,
    /// The block.
    pub(crate) block: &'static str,
    /// What it is in Azure.
    pub(crate) azure: &'static str,
    /// Its arguments.
    pub(crate) rows: &'static [Row],
}

/// What one resource sets on another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attachment {
    /// The type of the one.
    pub(crate) terraform: &'static str,
    /// Which one it is set on.
    pub(crate) on: Owner,
    /// What is set, and how.
    pub(crate) row: Row,
    /// Whether it is added to what is there.
    pub(crate) mode: Mode,
}

/// Which resource something is set on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    /// That of the id in this argument, which is of this type.
    Id(&'static str, &'static str),
    /// One of this type in the resource group, named by this argument.
    Named(&'static str, &'static str),
}

impl Owner {
    /// Its type.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Id(_, kind) | Self::Named(kind, _) => kind,
        }
    }
}

/// Whether what is set replaces what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Set,
    Add,
}

/// A resource in a resource group.
pub(crate) const fn group(terraform: &'static str, azure: &'static str, rows: &'static [Row]) -> Mapping {
    Mapping { terraform, azure, parent: Parent::Group, name: "name", rows }
}

/// A resource below the one whose id an argument holds.
pub(crate) const fn of(
    terraform: &'static str,
    azure: &'static str,
    parent: &'static str,
    rows: &'static [Row],
) -> Mapping {
    Mapping { terraform, azure, parent: Parent::Of(parent), name: "name", rows }
}

/// A resource below one that an argument names: its type and that argument.
pub(crate) const fn below(
    terraform: &'static str,
    azure: &'static str,
    (kind, argument): (&'static str, &'static str),
    rows: &'static [Row],
) -> Mapping {
    Mapping { terraform, azure, parent: Parent::Named(kind, argument), name: "name", rows }
}

/// A row.
pub(crate) const fn row(from: &'static str, to: &'static str, how: How) -> Row {
    Row { from, to, how }
}

/// An argument that is the property.
pub(crate) const fn same(from: &'static str, to: &'static str) -> Row {
    row(from, to, How::Same)
}

/// What is set on the resource of an id, in place of what is there.
pub(crate) const fn set_on(
    terraform: &'static str,
    (argument, kind): (&'static str, &'static str),
    row: Row,
) -> Attachment {
    Attachment { terraform, on: Owner::Id(argument, kind), row, mode: Mode::Set }
}

/// What is added to the resource of an id.
pub(crate) const fn added_to(
    terraform: &'static str,
    (argument, kind): (&'static str, &'static str),
    row: Row,
) -> Attachment {
    Attachment { terraform, on: Owner::Id(argument, kind), row, mode: Mode::Add }
}
