export type { CallEnvelope, CallHandler, FinalFrameInfo, Frame, IncomingCall } from './call.ts';
