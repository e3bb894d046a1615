import axe from "axe-core";
import type { Visitor } from "./visitor.ts";

/** What axe finds of any weight that keeps somebody from using the page; by night only what a change of colours can break. */
export async function barriers(visitor: Visitor, dark = false): Promise<string[]> {
  await visitor.page.evaluate(axe.source); // by the debugger's own door, which the page's policy does not close
  return visitor.page.evaluate(async (coloursOnly) => {
    const { axe: check } = window as unknown as { axe: typeof import("axe-core") };
    const found = await check.run(document, {
      runOnly: coloursOnly
        ? { type: "rule", values: ["color-contrast", "target-size"] }
        : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    });
    return found.violations.flatMap(({ id, impact, nodes }) =>
      nodes.map((node) => `${impact} ${id}: ${node.html.slice(0, 160)}`),
    );
  }, dark);
}
