CREATE TABLE sessions (account_id INTEGER NOT NULL, token TEXT NOT NULL);
