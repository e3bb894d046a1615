// Browsers also name those they descend from, so the first match wins.
const programs: readonly (readonly [string, RegExp])[] = [
  ["Edge", /\bEdg(?:A|iOS)?\/(\d+)/],
  ["Opera", /\bOPR\/(\d+)/],
  ["Samsung Internet", /\bSamsungBrowser\/(\d+)/],
  ["Firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
  ["Chrome", /\b(?:Chrome|HeadlessChrome|CriOS)\/(\d+)/],
  ["Safari", /\bVersion\/(\d+)\S* (?:Mobile\/\S+ )?Safari\//],
];
const systems: readonly (readonly [string, RegExp])[] = [
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Android", /\bAndroid\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["Linux", /\bLinux\b/],
];

/** `Chrome 142 on Linux`; an unknown user agent stays as it is. */
export function browserName(agent: string): string {
  if (!agent.startsWith("Mozilla/")) return agent;
  for (const [program, version] of programs) {
    const found = version.exec(agent)?.[1];
    if (found === undefined) continue;
    const system = systems.find(([, sign]) => sign.test(agent))?.[0];
    return `${program} ${found}${system ? ` on ${system}` : ""}`;
  }
  return agent;
}
