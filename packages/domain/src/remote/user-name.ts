/** A user's name on a server as useradd accepts it: dots, capitals and a final dollar included, digits alone not. */
export const userName = /^(?!\d+$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}[A-Za-z0-9_.$-]?$/;
