export interface Refund {
  id: string;
  object: "refund";
  charge?: string;
}
