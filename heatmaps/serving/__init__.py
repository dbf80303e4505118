"""How the service is served: one process talks to callers, others answer, and a third watches over both.

The front process waits for whoever is slow: it reads requests until they are whole, and keeps what a caller has not
read yet. What answers has few threads, and no caller can hold one.
"""
