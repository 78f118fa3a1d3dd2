"""The bodies of the subcommands, one module each: `add_arguments(parser)` and `main(args)`."""
