/** A refusal in the words of HTTP, before or beside JSON-RPC. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object | undefined;
  /** True when the connection cannot be trusted to be in step any more. */
  readonly closes: boolean;

  constructor(
    status: number,
    message: string,
    options: { headers?: Record<string, string>; body?: object; closes?: boolean } = {},
  ) {
    super(message);
    this.status = status;
    this.headers = options.headers ?? {};
    this.body = options.body;
    this.closes = options.closes ?? false;
  }
}
