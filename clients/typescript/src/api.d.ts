// Made from the service's OpenAPI document by generate_types.py; do not edit.

/** This server. */
export interface About {
  version: string;
  /** whose the caller's sessions and tasks are */
  account: string;
  limits: ApiLimits;
  prices: Prices;
  /** that can render here */
  engines: string[];
  /** whether a task must say consent: true */
  require_consent: boolean;
}

/** Answer that describes the server. */
export interface AboutAnswer {
  /** 0 on success */
  code: number;
  message: string;
  request_id: string;
  data: About;
}

/** The inner envelope. */
export interface AccountCosts {
  /** 0 on success */
  code: number;
  msg: string;
  resource_pack_subscribe_infos: ResourcePack[];
  costs: Spent[];
}

/** Answer of the account's costs. */
export interface AccountCostsAnswer {
  /** 0 on success */
  code: number;
  message: string;
  /** made by the system, to trace a request */
  request_id: string;
  data: AccountCosts;
}

/** Body of Advanced-Lip-Sync. */
export interface AdvancedLipSyncRequest {
  /** from Identify-Face; valid 24 hours */
  session_id: string;
  /** which face says what, when; a face may say several things one after the other */
  face_choose: FaceChoice[];
  /** Whether a result is wanted that carries a visible mark. */
  watermark_info?: WatermarkInfo;
  /** told by POST of every change of the task's status, with the bare task object */
  callback_url?: string;
  /** which rendering engine: mesh, wav2lip or another one that this server has; its default one if empty */
  engine?: string;
  /** what happens if a sound does not fit its place: strict refuses it, trim cuts it, pad also fills one that is too short with silence, loop_video repeats the video */
  fit?: "strict" | "trim" | "pad" | "loop_video";
  /** the caller's own id; does not replace task_id, but a task can be queried by it; unique per user */
  external_task_id?: string;
  /** your word that the person shown agrees; some servers require it */
  consent?: boolean;
}

/** What a video and a line may measure. */
export interface ApiLimits {
  max_video_bytes: number;
  min_video_ms: number;
  max_video_ms: number;
  /** pixels */
  min_side: number;
  /** pixels */
  max_side: number;
  max_speech_bytes: number;
  min_speech_ms: number;
  max_speech_ms: number;
  /** how long a line must overlap its face's interval */
  min_overlap_ms: number;
  max_lines: number;
}

/** What was taken from the balance. */
export interface BalanceDeduction {
  /** PTC that were taken; 0 once they were given back */
  quota: string;
  /** PTC that it costs by the price list */
  list_price: string;
}

/** Answer of Advanced-Lip-Sync, creation. */
export interface CreateAnswer {
  /** 0 on success */
  code: number;
  message: string;
  /** made by the system, to trace a request */
  request_id: string;
  data: CreatedTask;
}

/** Data of Advanced-Lip-Sync, creation. */
export interface CreatedTask {
  task_id: string;
  task_info: CreatedTaskInfo;
  task_status: "submitted" | "processing" | "succeed" | "failed";
  /** Unix time in ms */
  created_at: number;
  /** Unix time in ms */
  updated_at: number;
}

/** What the caller said about the task. */
export interface CreatedTaskInfo {
  external_task_id?: string;
}

/** Answer with a task's callbacks. */
export interface DeliveriesAnswer {
  /** 0 on success */
  code: number;
  message: string;
  request_id: string;
  data: OwnDelivery[];
}

/** One face through one stretch of the video. */
export interface Face {
  /** one face in the video; the same face after a gap of more than 1 s is another */
  face_id: string;
  /** URL of a picture of the face, cut from the video */
  face_image: string;
  /** ms; start of the interval that can be lip-synced */
  start_time: number;
  /** ms; end of that interval; may be a little late */
  end_time: number;
}

/** One line of speech for one face. */
export interface FaceChoice {
  /** from Identify-Face */
  face_id: string;
  /** the sound as a URL, as Base64 or as a data URI: .mp3, .wav, .m4a or .aac, at most 5 MB, 2 s to 60 s */
  sound_file: string;
  /** ms on the sound's own clock; what is before is cut; at least 2 s must remain */
  sound_start_time: number;
  /** ms on the sound's own clock; what is after is cut; not past the sound's end */
  sound_end_time: number;
  /** ms on the video's clock where the cropped sound goes; must overlap the face's interval by at least 2 s and lie inside the video */
  sound_insert_time: number;
  /** larger is louder */
  sound_volume?: number;
  /** volume of the video's own sound; no effect on a silent video */
  original_audio_volume?: number;
  /** what happens if the sound does not fit its place; else as the request says */
  fit?: "strict" | "trim" | "pad" | "loop_video";
  /** what is said, if you know: sharpens the lips in English speech */
  transcript?: string;
}

/** Data of Identify-Face. */
export interface IdentifiedFaces {
  /** valid 24 hours */
  session_id: string;
  /** empty if no face can be lip-synced */
  face_data: Face[];
  /** units that were taken; 1 is 1 PTC */
  final_unit_deduction?: string;
  final_balance_deduction?: BalanceDeduction;
}

/** Answer of Identify-Face. */
export interface IdentifyFaceAnswer {
  /** 0 on success */
  code: number;
  message: string;
  /** made by the system, to trace a request */
  request_id: string;
  data: IdentifiedFaces;
}

/** Body of Identify-Face. */
export interface IdentifyFaceRequest {
  /** URL of the video: .mp4 or .mov, at most 100 MB, 2 s to 60 s, width and height each 512 to 2160 px; empty if video_id is given */
  video_url: string;
  /** instead of video_url: the id of a result, of a task's source, or the file_id of an uploaded video */
  video_id?: string;
}

/** What is to be said, and by whom. */
export interface LipSyncInput {
  /** a video of ours; else video_url */
  video_id?: string;
  /** .mp4 or .mov, at most 100 MB, 2 s to 60 s; else video_id */
  video_url?: string;
  /** where the speech comes from */
  mode: "audio2video" | "text2video";
  /** which of the two is sent */
  audio_type?: "file" | "url";
  /** the sound as Base64, at most 5 MB */
  audio_file?: string;
  /** URL of the sound, at most 5 MB */
  audio_url?: string;
  /** for text2video */
  text?: string;
  /** for text2video */
  voice_id?: string;
  /** for text2video */
  voice_language?: "zh" | "en";
  /** for text2video: 0.8 to 2 */
  voice_speed?: number;
}

/** Body of the older lip-sync. */
export interface LipSyncRequest {
  /** What is to be said, and by whom. */
  input: LipSyncInput;
  /** told by POST of every change of status */
  callback_url?: string;
  /** the caller's own id, unique per user */
  external_task_id?: string;
  /** Whether a result is wanted that carries a visible mark. */
  watermark_info?: WatermarkInfo;
  /** which rendering engine: mesh, wav2lip or another one that this server has; its default one if empty */
  engine?: string;
  /** your word that the person shown agrees; some servers require it */
  consent?: boolean;
}

/** Answer of Advanced-Lip-Sync, list. */
export interface ListAnswer {
  /** 0 on success */
  code: number;
  message: string;
  /** made by the system, to trace a request */
  request_id: string;
  data: TaskState[];
}

/** One callback: what it tells, and whether it has arrived. */
export interface OwnDelivery {
  /** the header webhook-id */
  id: string;
  task_status: "submitted" | "processing" | "succeeded" | "failed" | "cancelled";
  status: "pending" | "delivered" | "undelivered";
  attempts: number;
  /** why the last attempt failed */
  last_error: string;
  /** Unix time in ms; null if there is none */
  next_attempt_at: number | null;
  /** Unix time in ms */
  created_at: number;
  /** Unix time in ms */
  updated_at: number;
}

/** One face through one stretch of the video. */
export interface OwnFace {
  face_id: string;
  image_url: string;
  /** ms; start of the interval that can be lip-synced */
  start_time: number;
  /** ms; end of that interval */
  end_time: number;
  /** where it was seen, in time order */
  boxes: SeenAt[];
}

/** A video of ours. */
export interface OwnFile {
  id: string;
  url: string;
  duration_ms: number;
  /** Unix time in ms at which it is removed */
  expires_at: number;
}

/** An identified video. */
export interface OwnSession {
  session_id: string;
  video: SourceVideo;
  faces: OwnFace[];
  /** Unix time in ms */
  created_at: number;
  /** Unix time in ms */
  expires_at: number;
}

/** Answer with a session. */
export interface OwnSessionAnswer {
  /** 0 on success */
  code: number;
  message: string;
  request_id: string;
  data: OwnSession;
}

/** A task. */
export interface OwnTask {
  task_id: string;
  external_task_id: string;
  /** what it was made from; empty for the older lip-sync */
  session_id: string;
  /** which operation made it */
  kind: "advanced" | "legacy";
  status: "submitted" | "processing" | "succeeded" | "failed" | "cancelled";
  /** why it failed or was cancelled */
  message: string;
  /** 0 to 100 */
  progress: number;
  /** what is being done now */
  stage: string;
  priority: "low" | "normal" | "high";
  /** 1 is next, though others' tasks may still come in between; null once the work has begun */
  queue_position: number | null;
  /** estimated seconds left; null where nothing is known */
  eta_seconds: number | null;
  warnings: string[];
  /** the video it was made from, once that is here */
  source: OwnFile[];
  results: OwnFile[];
  watermarked: OwnFile[];
  callback_url: string;
  /** PTC that were taken; 0 once they were given back */
  charged: string;
  /** Unix time in ms */
  created_at: number;
  /** Unix time in ms */
  updated_at: number;
}

/** Answer with a task. */
export interface OwnTaskAnswer {
  /** 0 on success */
  code: number;
  message: string;
  request_id: string;
  data: OwnTask;
}

/** Answer with a page of tasks. */
export interface OwnTasksAnswer {
  /** 0 on success */
  code: number;
  message: string;
  request_id: string;
  data: OwnTask[];
}

/** In PTC, as text. */
export interface Prices {
  identify: string;
  lipsync: string;
}

/** Answer of Advanced-Lip-Sync, query. */
export interface QueryAnswer {
  /** 0 on success */
  code: number;
  message: string;
  /** made by the system, to trace a request */
  request_id: string;
  data: TaskState;
}

/** The envelope of an error: never any data. */
export interface Refusal {
  /** not 0; says what kind of error it is */
  code: number;
  /** says what is wrong, and names the field */
  message: string;
  /** made by the system, to trace a request */
  request_id: string;
  /** stable word for programs; docs/errors.md lists them all */
  reason: string;
  /** the field that is wrong, where it is one */
  field?: string;
}

/** What a prepaid account has. */
export interface ResourcePack {
  resource_pack_name: string;
  resource_pack_id: string;
  resource_pack_type: "decreasing_total";
  /** PTC that were ever credited */
  total_quantity: number;
  /** PTC that are left, as of now */
  remaining_quantity: number;
  /** Unix time in ms */
  purchase_time: number;
  /** Unix time in ms */
  effective_time: number;
  /** Unix time in ms; far away: a balance does not expire */
  invalid_time: number;
  status: "online" | "runOut";
}

/** A video that a task made. */
export interface ResultVideo {
  id: string;
  /** removed after 30 days */
  url: string;
  /** seconds */
  duration: string;
  /** the watermarked copy, if one was wanted */
  watermark_url?: string;
}

/** Where a face is at one instant, in fractions of the picture's width and height. */
export interface SeenAt {
  /** ms on the video's clock */
  time: number;
  /** left edge, 0 to 1 from the left */
  x: number;
  /** upper edge, 0 to 1 from the top */
  y: number;
  width: number;
  height: number;
}

/** The session's video. */
export interface SourceVideo {
  id: string;
  url: string;
  duration_ms: number;
  /** Unix time in ms at which it is removed */
  expires_at: number;
  /** pixels, as a player shows it */
  width: number;
  height: number;
  /** average, in frames a second */
  frame_rate: number;
  has_audio: boolean;
}

/** All movements of one kind in the time asked about. */
export interface Spent {
  /** identify, lipsync, refund or credit */
  kind: string;
  count: number;
  /** PTC; negative for what was taken from the account */
  quantity: string;
}

/** What the task was made from. */
export interface TaskInfo {
  parent_video: Video;
  external_task_id?: string;
}

/** What the task made; empty before it succeeds. */
export interface TaskResult {
  videos: ResultVideo[];
}

/** Data of Advanced-Lip-Sync, query. */
export interface TaskState {
  task_id: string;
  task_status: "submitted" | "processing" | "succeed" | "failed";
  /** why a task failed */
  task_status_msg: string;
  task_info: TaskInfo;
  task_result: TaskResult;
  watermark_info?: Watermark;
  /** 0 to 100 */
  progress?: number;
  /** what is being done now */
  stage?: string;
  /** 1 is next; null once the work has begun */
  queue_position?: number | null;
  /** estimated seconds left; null where nothing is known */
  eta_seconds?: number | null;
  /** what did not go as it might have */
  warnings?: string[];
  /** units that were taken; 1 is 1 PTC */
  final_unit_deduction?: string;
  final_balance_deduction?: BalanceDeduction;
  /** Unix time in ms */
  created_at: number;
  /** Unix time in ms */
  updated_at: number;
}

/** The answer to an upload. */
export interface Uploaded {
  /** 0 on success */
  code: number;
  message: string;
  /** made by the system, to trace a request */
  request_id: string;
  data: UploadedFile;
}

/** A file that was kept. */
export interface UploadedFile {
  file_id: string;
  /** accepted as video_url and sound_file; fetched without a header */
  url: string;
  file_name: string;
  /** bytes */
  size: number;
  /** Unix time in ms */
  expires_at: number;
}

/** A video of ours. */
export interface Video {
  id: string;
  /** removed after 30 days */
  url: string;
  /** seconds */
  duration: string;
}

/** Whether a watermarked copy was wanted. */
export interface Watermark {
  enabled: boolean;
}

/** Whether a result is wanted that carries a visible mark. */
export interface WatermarkInfo {
  /** make a watermarked copy, too */
  enabled?: boolean;
}

/** Shown this one time. */
export interface WebhookSecret {
  /** whsec_ and Base64, as Standard Webhooks libraries take it */
  secret: string;
}

/** Answer with a new secret. */
export interface WebhookSecretAnswer {
  /** 0 on success */
  code: number;
  message: string;
  request_id: string;
  data: WebhookSecret;
}

/** How many secrets sign callbacks now: none, one, or two during a change. */
export interface WebhookSecretState {
  signing: number;
}

/** Answer that says whether callbacks are signed. */
export interface WebhookSecretStateAnswer {
  /** 0 on success */
  code: number;
  message: string;
  request_id: string;
  data: WebhookSecretState;
}
