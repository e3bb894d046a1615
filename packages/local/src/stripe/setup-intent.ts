export interface SetupIntent {
  id: string;
  object: "setup-intent";
  charge?: string;
}
