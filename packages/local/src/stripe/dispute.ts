export interface Dispute {
  id: string;
  object: "dispute";
  charge?: string;
}
