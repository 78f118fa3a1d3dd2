"""Fill-in-the-middle prompts: families, vocabulary rules, the renderer. Evaluates nothing."""
