/* SPDX-License-Identifier: MIT */
/*
 * What a session tells of itself: engine, codec, threads, lanes.
 */
#include "compress.h"
#include "decompress.h"

static void tell_devices(const struct wd_comp_sess *s,
			 struct wd_comp_info *info)
{
	const struct sched *sched = &s->sched;
	const struct lane *first = sched_device(sched);

	if (!first)
		return;
	info->device = lane_name(first);
	info->device_error = first->error;
	for (unsigned int i = 0; i < sched->count; i++) {
		if (!lane_is_device(&sched->lanes[i]))
			continue;
		info->device_requests += sched->lanes[i].told.requests;
		info->device_wrong += (uint32_t)sched->lanes[i].told.wrong;
	}
	if (info->device_requests && !sched_on_cpu(sched))
		info->codec = info->device;
}

WD_API int wd_comp_get_info(struct wd_comp_sess *sess,
			    struct wd_comp_info *info)
{
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (!info)
		return -EINVAL;
	*info = sess->info;
	info->level = sess->setup.level;
	info->threads = sched_threads(&sess->sched);
	info->limited = sess->afford.text[0] ? sess->afford.text : NULL;
	info->engine = sess->engine;
	info->redone = sess->sched.redone;
	if (sess->setup.op == WD_COMP_COMPRESS) {
		info->codec = wd_level_get(sess->setup.level)->name;
		info->chunk_size = (uint32_t)sess->comp->chunk;
		info->total_in = sess->comp->in_total;
	} else {
		info->codec = decompress_codec(sess);
		info->total_in = decompress_pos(sess);
	}
	tell_devices(sess, info);
	return 0;
}

WD_API int wd_comp_get_fallbacks(struct wd_comp_sess *sess,
				 struct wd_comp_fallback *list,
				 unsigned int max)
{
	const struct sched *sched = &sess->sched;
	unsigned int n = 0;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (max && !list)
		return -EINVAL;
	for (unsigned int i = 0; i < sched->count; i++)
		for (unsigned int r = 1; r < WD_COMP_REASONS; r++) {
			struct wd_comp_fallback told;

			if (!lane_tell_reason(&sched->lanes[i], r, &told))
				continue;
			told.lane = i;
			if (n++ < max)
				list[n - 1] = told;
		}
	return (int)n;
}

void sess_note_lane(struct wd_comp_sess *s, const struct sched_item *item)
{
	s->last_lane = item->lane ? (int)(item->lane - s->sched.lanes)
				  : (int)s->sched.count - 1;
}

WD_API int wd_comp_last_lane(struct wd_comp_sess *sess)
{
	int ret = sess_check(sess);

	return ret ? ret : sess->last_lane;
}

WD_API int wd_comp_get_lanes(struct wd_comp_sess *sess,
			     struct wd_comp_lane *lanes, unsigned int max)
{
	const struct sched *sched = &sess->sched;
	int ret = sess_check(sess);

	if (ret)
		return ret;
	if (max && !lanes)
		return -EINVAL;
	for (unsigned int i = 0; i < sched->count && i < max; i++)
		lane_tell(&sched->lanes[i], &lanes[i]);
	return (int)sched->count;
}
