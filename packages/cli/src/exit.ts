/** What a command's end means to the shell. */
export const exits = { done: 0, failed: 1, canceled: 2, unknown: 3, loggedOut: 4, killed: 130 } as const;
export type Exit = (typeof exits)[keyof typeof exits];
