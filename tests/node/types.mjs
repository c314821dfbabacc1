// Makes TypeScript of the server's OpenAPI document, and compiles what a client would write with it.
//
//     node types.mjs URL OUT_DIR
//
// Writes api.ts and client.ts to OUT_DIR. Ends with 0 when both compile, with 1 when they do not: an error of any
// call must have one type, and so must what each kind of call answers.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const [url, out] = process.argv.slice(2);
if (!url || !out) {
  console.error("usage: node types.mjs URL OUT_DIR");
  process.exit(1);
}
const response = await fetch(url);
const document = await response.json();
const [api, client] = ["api.ts", "client.ts"].map((name) => join(out, name));
mkdirSync(out, { recursive: true });
writeFileSync(api, astToString(await openapiTS(document)));
writeFileSync(
  client,
  `import type { components, operations } from "./api";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Content<R> = R extends { content: infer C } ? C[keyof C] : never;

// What goes wrong is of one type, whatever was called.
type ErrorOf<O extends keyof operations> = Content<operations[O]["responses"]["default"]>;
type Errors = { [O in keyof operations]: Same<ErrorOf<O>, components["schemas"]["Problem"]> };
export const errors: Errors[keyof Errors] = true;
export const allErrors: Same<Errors[keyof Errors], true> = true;
export const again = (problem: ErrorOf<"turns_stream">): boolean => problem.retryable;
export const why = (problem: ErrorOf<"library_workouts">): string => \`\${problem.code}: \${problem.detail}\`;

// What was asked for is of one type, too, and no number is a text.
type AnswerOf<O extends keyof operations, S> = S extends keyof operations[O]["responses"]
  ? Content<operations[O]["responses"][S]>
  : never;
export const page: Same<AnswerOf<"library_workouts", 200>, components["schemas"]["Workouts"]> = true;
export const next = (workouts: AnswerOf<"library_workouts", 200>): string | null => workouts.nextCursor;
export const running = (health: AnswerOf<"library_health", 200>): number => health.runningTurns;
export const streamed: Same<AnswerOf<"turns_stream", 200>, string> = true;

// The events of a stream are told apart by their type.
export function told(event: components["schemas"]["Event"]): string {
  switch (event.type) {
    case "start":
      return event.turnId;
    case "contextual":
    case "chunk":
    case "snapshot":
      return event.content;
    case "complete":
      return event.aiMessage?.content ?? "";
    case "error":
      return event.message;
  }
}
`,
);

const program = ts.createProgram([api, client], {
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: [],
});
for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
  const line = file ? `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}: ` : "";
  console.error(line + ts.flattenDiagnosticMessageText(messageText, "\n"));
  process.exitCode = 1;
}
console.log(`${Object.keys(document.paths).length} paths`);
