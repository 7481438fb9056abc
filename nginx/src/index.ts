// The public face of @droppr/upload. What is not exported here may change.

export { BrowserConnectivity } from "./adapters/browser-network";
export { defaultTransport } from "./adapters/default-transport";
export { DropprApi, type DropprApiConfig, fetchLinkInfo, type HttpHeaders } from "./adapters/droppr-api";
export { FetchTransport } from "./adapters/fetch-transport";
export { FileHandles } from "./adapters/file-handles";
export { WorkerHasher } from "./adapters/hashing";
export { type KeyValueStorage, LocalSessions } from "./adapters/local-sessions";
export { systemClock } from "./adapters/system-clock";
export { XhrTransport } from "./adapters/xhr-transport";
export { mayPass, UploadError } from "./core/errors";
export { type LinkAddress, parseLink } from "./core/link";
export type { PackLimits } from "./core/pack";
export type { Span } from "./core/ranges";
export type { LinkInfo, UploadState } from "./core/wire";
export type {
  Clock,
  Connectivity,
  FileLike,
  Hasher,
  SavedSession,
  SessionStore,
  Transport,
  TransportReply,
  TransportRequest,
} from "./ports";
export {
  type ChunkMap,
  getOptimalParallelChunks,
  ParallelUploader,
  type ParallelUploaderConfig,
  type PreviousUpload,
  type UploadResult,
  type UploadStats,
} from "./utils/parallel-upload";
export {
  type ItemState,
  type UploaderOptions,
  type UploadItem,
  UploadManager,
  type UploadManagerConfig,
  type UploadTotals,
} from "./utils/upload-manager";
