export interface Schedule {
  id: string;
  object: "schedule";
  charge?: string;
}
