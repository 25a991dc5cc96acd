/** What a join to a consumer group gave this member. */
export interface Assignment {
  readonly memberId: string;
  /** Numbers by topic. */
  readonly partitions: Readonly<Record<string, readonly number[]>>;
  /**
   * It follows the assignment before it directly. After a join that came to nothing the group may have been divided
   * without us: what we held may have been another member's meanwhile, under the same member id of ours.
   */
  readonly continues: boolean;
}
