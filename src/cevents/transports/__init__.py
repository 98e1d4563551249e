"""Transports: events over the network, by the client libraries that people already use.

`transports.http` sends over HTTP with httpx. Each transport is imported by itself, so that none asks for a client
library that is not needed: `pip install 'cevents[http]'` brings the one of HTTP.
"""
