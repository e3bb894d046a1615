/** An amount in cents: `$19`, `$10.50`, `-$3`; in another currency `19 EUR`. */
export function money(cents: number, currency: string): string {
  const amount = (Math.abs(cents) / 100).toFixed(cents % 100 === 0 ? 0 : 2);
  const sign = cents < 0 ? "-" : "";
  return currency === "usd" ? `${sign}$${amount}` : `${sign}${amount} ${currency.toUpperCase()}`;
}
