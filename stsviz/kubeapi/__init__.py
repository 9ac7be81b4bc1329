"""The Kubernetes HTTP API: kubectl, the official clients, and any tool that speaks to an API server.

HTTP only: paths, media types, streams. What a request means and what is refused is core.apiserver's.
"""
