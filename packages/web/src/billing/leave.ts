/** Goes to a page of the payment service. Only a web address is followed. */
export function leaveTo(address: string): void {
  const { protocol, href } = new URL(address);
  if (protocol !== "https:" && protocol !== "http:") throw new Error("the payment page's address is not one of the web");
  location.assign(href);
}
