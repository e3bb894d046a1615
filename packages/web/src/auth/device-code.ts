/** As it is shown on the terminal: XXXX-XXXX, however it was typed. */
export function deviceCode(text: string): string {
  const letters = text
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, "")
    .slice(0, 8);
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}
