// Drives a turn in WebAssembly, as a page would: node run.mjs coach_browser.wasm "How do I squat?"
import { readFile } from "node:fs/promises";

const [file, message] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(file));
const imports = WebAssembly.Module.imports(module);
if (imports.length > 0) {
  throw new Error(`it imports ${JSON.stringify(imports)}`);
}
const { exports: coach } = await WebAssembly.instantiate(module, {});

const write = (text) => {
  const bytes = new TextEncoder().encode(text);
  const at = coach.room(bytes.length);
  new Uint8Array(coach.memory.buffer, at, bytes.length).set(bytes);
  return [at, bytes.length];
};
const told = (turn) => {
  const bytes = new Uint8Array(coach.memory.buffer, coach.told(turn), coach.told_length(turn));
  return new TextDecoder().decode(bytes);
};
const now = () => BigInt(Date.now());

const turn = coach.begin(...write(message), now());
for (const words of ["Sit between ", "your hips.", ""]) {
  coach.hear(turn, ...write(words), now());
}
console.log(told(turn));
console.log(coach.is_over(turn) ? "[over]" : "[still running]");
