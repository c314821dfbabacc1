// Reads one stream with a library that people have.
//
//     node sse.mjs LIBRARY URL TOKEN [BODY]
//
// LIBRARY is eventsource, eventsource-parser or fetch-event-source. With a BODY it is posted, without one the
// stream is followed. Prints one JSON line, {id, event, data}, for everything that the library hands out, just as
// it hands it out. Ends with 0 when the stream has ended, with 1 when it was refused, with 2 after 60 seconds.

import { fetchEventSource } from "@microsoft/fetch-event-source";
import { EventSource } from "eventsource";
import { createParser } from "eventsource-parser";

const [library, url, token, body] = process.argv.slice(2);
const request = {
  method: body ? "POST" : "GET",
  headers: {
    Accept: "text/event-stream",
    Authorization: `Bearer ${token}`,
    ...(body && { "Content-Type": "application/json" }),
  },
  body,
};

const print = ({ id, event, data }) => console.log(JSON.stringify({ id, event, data }));

const readers = {
  async "eventsource-parser"() {
    const parser = createParser({
      onEvent: print,
      onError: (error) => {
        throw error;
      },
    });
    const response = await fetch(url, request);
    if (!response.ok) throw new Error(await response.text());
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
  },

  eventsource: () =>
    new Promise((done, failed) => {
      const source = new EventSource(url, {
        fetch: (input, init) =>
          fetch(input, { ...init, ...request, headers: { ...init.headers, ...request.headers } }),
      });
      source.onerror = ({ code, message }) => {
        source.close();
        failed(new Error(`${code ?? ""} ${message ?? ""}`));
      };
      source.onmessage = ({ lastEventId, type, data }) => {
        print({ id: lastEventId, event: type, data });
        // It would connect again at the end of the body.
        if (!/"type":"(complete|error)"/.test(data)) return;
        source.close();
        done();
      };
    }),

  "fetch-event-source"() {
    // The little that it takes from a browser.
    globalThis.window = globalThis;
    globalThis.document = { removeEventListener() {} };
    return fetchEventSource(url, {
      ...request,
      openWhenHidden: true,
      onmessage: print,
      onerror: (error) => {
        throw error;
      },
    });
  },
};

const limit = setTimeout(() => {
  console.error("the stream has not ended within 60 seconds");
  process.exit(2);
}, 60_000);
try {
  await readers[library]();
} catch (error) {
  console.error(`${library}: ${error.message}`);
  process.exitCode = 1;
} finally {
  clearTimeout(limit);
}
