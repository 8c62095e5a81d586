-- First schema. {{bytes}} is the engine's type for bytes; nothing else differs. Widen first, narrow a release later (EVO-001).
-- +goose Up

-- One row: who this store is, who writes it, and where its journal ends.
CREATE TABLE store (
  one        BIGINT PRIMARY KEY CHECK (one = 1),
  id         TEXT NOT NULL,
  demo       BIGINT NOT NULL,
  created_us BIGINT NOT NULL,
  term       BIGINT NOT NULL,
  fence      BIGINT NOT NULL, -- grows with each opening for writing: an older writer finds itself shut out
  commits    BIGINT NOT NULL, -- grows with each transaction: a commit whose answer was lost is recognised
  head_seq   BIGINT NOT NULL,
  head_hash  {{bytes}} NOT NULL
);

CREATE TABLE event (
  seq    BIGINT PRIMARY KEY,
  at_us  BIGINT NOT NULL,
  actor  TEXT NOT NULL,
  stream TEXT NOT NULL,
  type   TEXT NOT NULL,
  body   {{bytes}} NOT NULL,
  hash   {{bytes}} NOT NULL
);

CREATE TABLE owed (
  unit        TEXT NOT NULL,
  epoch       {{bytes}} NOT NULL,
  lane        BIGINT NOT NULL,
  seq         BIGINT NOT NULL,
  digest      {{bytes}} NOT NULL,
  kind        BIGINT NOT NULL,
  captured_us BIGINT NOT NULL,
  mono_us     BIGINT NOT NULL,
  boot        {{bytes}} NOT NULL,
  simulated   BIGINT NOT NULL,
  received_us BIGINT NOT NULL,
  server_us   BIGINT NOT NULL,
  fills       {{bytes}} NOT NULL,
  body        {{bytes}} NOT NULL,
  PRIMARY KEY (unit, epoch, lane, seq)
);
CREATE INDEX owed_time ON owed (unit, lane, server_us, epoch, seq);

-- Other bytes under an identity that is taken (DLV-002).
CREATE TABLE conflict (
  unit        TEXT NOT NULL,
  epoch       {{bytes}} NOT NULL,
  lane        BIGINT NOT NULL,
  seq         BIGINT NOT NULL,
  digest      {{bytes}} NOT NULL,
  kind        BIGINT NOT NULL,
  captured_us BIGINT NOT NULL,
  mono_us     BIGINT NOT NULL,
  boot        {{bytes}} NOT NULL,
  simulated   BIGINT NOT NULL,
  received_us BIGINT NOT NULL,
  server_us   BIGINT NOT NULL,
  fills       {{bytes}} NOT NULL,
  body        {{bytes}} NOT NULL,
  PRIMARY KEY (unit, epoch, lane, seq, digest)
);

CREATE TABLE lane (
  unit     TEXT NOT NULL,
  epoch    {{bytes}} NOT NULL,
  lane     BIGINT NOT NULL,
  up_to    BIGINT NOT NULL,
  beyond   {{bytes}} NOT NULL,
  since_us BIGINT NOT NULL,
  PRIMARY KEY (unit, epoch, lane)
);

CREATE TABLE document (
  kind TEXT NOT NULL,
  id   TEXT NOT NULL,
  body {{bytes}} NOT NULL,
  PRIMARY KEY (kind, id)
);

CREATE TABLE snapshot (
  fold    TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  seq     BIGINT NOT NULL,
  body    {{bytes}} NOT NULL
);
