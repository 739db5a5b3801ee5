export { canonicalJson } from './canonical-json.ts';
export { findMissingCapabilities } from './client-capabilities.ts';
export type * from './definitions.ts';
export { isObject, readEnvelope, readMessage } from './envelope.ts';
export type { Batch, Message, Params, RequestMessage } from './envelope.ts';
export { ErrorCode, httpStatusOf } from './error-code.ts';
export { Extension } from './extension.ts';
export {
  encodeErrorResponse,
  encodeResultResponse,
  gatehouseError,
  invalidParams,
  invalidRequest,
  JsonRpcError,
  methodNotFound,
  missingClientCapability,
  unsupportedProtocolVersion,
} from './json-rpc-error.ts';
export type { RequestId } from './json-rpc-error.ts';
export { Method } from './method.ts';
export { checkParamHeaders, readParamHeaders } from './param-headers.ts';
export type { ParamHeader } from './param-headers.ts';
export { defaultTenant } from './principal.ts';
export type { Principal } from './principal.ts';
export { isLegacyVersion, legacyVersions, modernVersion, supportedVersions } from './protocol-version.ts';
export type { LegacyVersion } from './protocol-version.ts';
export { checkRequestHeaders, HeaderName } from './request-headers.ts';
export type { RequestHeaders } from './request-headers.ts';
export { findSchemaFault } from './schema-limits.ts';
export { declaredVersion, MetaKey, readRequestMeta } from './request-meta.ts';
export type { RequestMeta } from './request-meta.ts';
export { revocationKinds } from './token-revocation.ts';
export type { RevocationKind, TokenRevocation } from './token-revocation.ts';
