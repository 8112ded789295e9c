"""Who may do what: tokens, sign-in, roles."""
