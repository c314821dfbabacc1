"""Reads one stream with a library that people have.

    python sse.py LIBRARY URL TOKEN [BODY]

LIBRARY is httpx-sse or sseclient-py. With a BODY it is posted, without one the stream is followed. Prints one JSON
line, {id, event, data}, for everything that the library hands out, just as it hands it out.
"""

import json
import sys

import httpx
import httpx_sse
import requests
import sseclient

library, url, token, *body = sys.argv[1:]
method = "POST" if body else "GET"
headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
if body:
    headers["Content-Type"] = "application/json"
content = body[0].encode() if body else None


def told(event):
    print(json.dumps({"id": event.id, "event": event.event, "data": event.data}), flush=True)


if library == "httpx-sse":
    with httpx.Client(timeout=60) as client:
        with httpx_sse.connect_sse(client, method, url, headers=headers, content=content) as source:
            source.response.raise_for_status()
            for event in source.iter_sse():
                told(event)
elif library == "sseclient-py":
    with requests.request(method, url, headers=headers, data=content, stream=True, timeout=60) as response:
        response.raise_for_status()
        for event in sseclient.SSEClient(response).events():
            told(event)
else:
    sys.exit(f"an unknown library: {library}")
