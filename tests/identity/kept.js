// What a provider keeps, which stays when its keys change.

const kept = new Map();

export class Kept {
  constructor(model) {
    this.model = model;
  }

  #all() {
    return [...kept].filter(([key]) => key.startsWith(`${this.model}:`));
  }

  #where(field, value) {
    return this.#all().find(([, payload]) => payload[field] === value)?.[1];
  }

  async upsert(id, payload) {
    kept.set(`${this.model}:${id}`, payload);
  }

  async find(id) {
    return kept.get(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    return this.#where('uid', uid);
  }

  async findByUserCode(code) {
    return this.#where('userCode', code);
  }

  async consume(id) {
    kept.get(`${this.model}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    kept.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grant) {
    for (const [key, payload] of kept) if (payload.grantId === grant) kept.delete(key);
  }
}
