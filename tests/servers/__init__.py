"""How the tests start real servers, one small module each.

Every server listens on a free port of the loopback interface. Where it can, it is given a socket that listens already,
so that nobody takes the port in between and the first request only has to wait.
"""
