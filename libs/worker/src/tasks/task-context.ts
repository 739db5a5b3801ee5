import type { CallContext } from '../context.ts';

/** What a tool may say when it goes on as a task. */
export interface StartTaskOptions {
  /** Shown to people and models while the task works. */
  statusMessage?: string;
}

/** The part of a tool's context that is about tasks (MCP Tasks extension). */
export interface TaskContext {
  /**
   * Goes on as a task: the caller gets a handle now, and asks for the result when it likes; neither its connection nor the
   * gateway is needed any more. Resolves once the task is durable. From then on
   *
   * - questions (`elicit`, `ask`, ...) wait for their answers instead of running the handler again; the answer may come hours later;
   * - `progress` and `log` say nothing, for a task has neither;
   * - `signal` is aborted when the caller cancels the task, when its time is over or when the worker ends.
   *
   * The worker must live as long as the task: if it dies, the task fails. Ask what you need before you start (those questions
   * end the run, see `Asking`), then start, then work.
   *
   * @returns false when the call stays a call, because tool or client knows no tasks, or the caller has too many; go on then
   * as if nothing had been asked
   * @throws JsonRpcError when the tool cannot do without a task (`task: 'required'`) and cannot have one now
   */
  startTask(this: void, options?: StartTaskOptions): Promise<boolean>;
  /** The task that this call has become; undefined as long as it is a call. */
  readonly taskId: string | undefined;
}

/** The context of `tools/call`. */
export interface ToolContext extends CallContext, TaskContext {}

/** Makes a context that of a call that can only stay one. */
export function withoutTask(context: CallContext): ToolContext {
  return Object.assign(context, { startTask: stayCall, taskId: undefined });
}

function stayCall(): Promise<boolean> {
  return Promise.resolve(false);
}
