/** A user name as useradd accepts it: dots, capitals and a final dollar, but not digits alone. */
export const userName = /^(?!\d+$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}[A-Za-z0-9_.$-]?$/;
