import type { LogItem } from "@berth/api-client/types.ts";
import { note, type Session } from "../session.ts";
import { clean, pad } from "../terminal/text.ts";
import { clockTime } from "../terminal/time.ts";

/** One line per log line: time, server where there are several, service, text. What is said in the place of lines is told beside them. */
export function printer(session: Session, targets: readonly string[]) {
  const { terminal, json } = session;
  let longest = 0;
  return (items: readonly LogItem[]): void => {
    if (json) {
      if (items.length > 0) terminal.out(...items.map((item) => JSON.stringify(item)));
      return;
    }
    for (const item of items) if (item.type === "log") longest = Math.max(longest, item.service.length);
    const { dim, cyan } = terminal.paint;
    const { red, yellow, green } = terminal.errPaint;
    for (const item of items)
      if (item.type === "log") {
        const where = targets.length > 1 ? `${clean(item.target)}  ` : "";
        terminal.out(`${dim(clockTime(item.at))}  ${where}${cyan(pad(clean(item.service), longest))}  ${clean(item.text)}`);
      } else if (item.type === "gap") note(session, `${yellow("!")} ${clean(item.target)}: ${clean(item.text)}`);
      else if (item.type === "unreadable") note(session, `${red("✗")} ${clean(item.target)}: ${clean(item.text)}`);
      else note(session, `${green("✓")} ${clean(item.text)}`);
  };
}
