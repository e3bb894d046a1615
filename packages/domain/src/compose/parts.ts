import { CST, Lexer, Parser } from "yaml";

interface Inside {
  source: string;
  type: string;
  atScalar: boolean;
  atNewLine: boolean;
  indent: number;
  offset: number;
  readonly stack: readonly unknown[];
  step(): Iterable<CST.Token>;
  next(part: string): Iterable<CST.Token>;
  end(): Iterable<CST.Token>;
}

/** The lexer's tokens: the parser's own `next` reads an environment variable for each, a quarter of the time. `onToken` may throw. */
export function* tokensOf(text: string, onToken: (depth: number) => void): Generator<CST.Token> {
  const parser = new Parser() as unknown as Inside;
  for (const part of new Lexer().lex(text)) {
    onToken(parser.stack.length);
    yield* take(parser, part);
  }
  onToken(parser.stack.length);
  yield* parser.end();
}

function take(parser: Inside, part: string): Iterable<CST.Token> {
  if (parser.atScalar) {
    parser.atScalar = false;
    return step(parser, part);
  }
  const type = CST.tokenType(part);
  if (type === null || type === "doc-mode" || type === "flow-error-end") return parser.next(part);
  parser.type = type;
  if (type !== "scalar") return step(parser, part);
  parser.atNewLine = false; // the part that follows is its text
  parser.atScalar = true;
  return [];
}

function* step(parser: Inside, part: string): Iterable<CST.Token> {
  const { type } = parser;
  parser.source = part;
  yield* parser.step();
  if (type === "newline") {
    parser.atNewLine = true;
    parser.indent = 0;
  } else if (type === "space") {
    if (parser.atNewLine && part.startsWith(" ")) parser.indent += part.length;
  } else if (type === "explicit-key-ind" || type === "map-value-ind" || type === "seq-item-ind") {
    if (parser.atNewLine) parser.indent += part.length;
  } else if (type !== "scalar") parser.atNewLine = false;
  parser.offset += part.length;
}
