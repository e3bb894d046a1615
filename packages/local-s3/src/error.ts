/** A refusal of the service. `code` is what SDK clients match on. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, message: string) {
    super(message);
    this.name = "S3Error";
    this.code = code;
    this.status = status;
  }
}

export const denied = (message = "Access Denied") => new S3Error("AccessDenied", 403, message);
export const invalid = (message: string) => new S3Error("InvalidArgument", 400, message);
export const notImplemented = (message: string) => new S3Error("NotImplemented", 501, message);
