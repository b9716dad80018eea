"""JSON-RPC 2.0 over a Unix socket: the method table, the client, the server, and where runs are."""
