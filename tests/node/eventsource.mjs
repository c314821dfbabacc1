// Follows a conversation's stream with the npm `eventsource` package, as a browser's EventSource would.
//
//     node eventsource.mjs URL TOKEN
//
// Prints one JSON line, {id, data}, per message. Ends with 0 after the terminal event (`complete` or
// `error`), with 1 when the stream is refused or cannot be reached, with 2 when nothing has ended after 20
// seconds. A connection that is cut later is neither: the package connects again and sends Last-Event-ID.

import { EventSource } from "eventsource";

const [url, token] = process.argv.slice(2);
if (!url || !token) {
  console.error("usage: node eventsource.mjs URL TOKEN");
  process.exit(1);
}

const source = new EventSource(url, {
  fetch: (input, init) =>
    fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
});

const end = (code) => {
  source.close();
  process.exitCode = code;
  clearTimeout(limit);
};

const limit = setTimeout(() => {
  console.error("no terminal event within 20 seconds");
  end(2);
}, 20_000);

let isReached = false;
source.onopen = () => {
  isReached = true;
};

source.onmessage = ({ lastEventId, data }) => {
  console.log(JSON.stringify({ id: lastEventId, data }));
  try {
    const { type } = JSON.parse(data);
    if (type === "complete" || type === "error") end(0);
  } catch (error) {
    console.error(`a message is not JSON: ${error.message}`);
    end(1);
  }
};

source.onerror = ({ code, message }) => {
  if (source.readyState === EventSource.CLOSED || !isReached) {
    console.error(`refused: ${code ?? ""} ${message ?? ""}`);
    end(1);
  } else {
    console.error(`connecting again: ${message ?? "the connection ended"}`);
  }
};
