"""The subcommands of `beadline evaluate`: arguments, files and tables; nothing is measured here."""
