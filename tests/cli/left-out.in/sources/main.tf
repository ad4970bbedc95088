resource "azurerm_subnet" "a" {}
