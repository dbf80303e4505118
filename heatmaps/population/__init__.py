"""Which interactions a question is about: understood as plain values, and said in SQL. No Django in here."""
