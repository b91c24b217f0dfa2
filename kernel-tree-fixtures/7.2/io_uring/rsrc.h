/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IOU_RSRC_H
#define IOU_RSRC_H

#include <linux/mm.h>

struct io_mapped_ubuf {
	u64		ubuf;
	size_t		len;
	unsigned int	nr_pages;
	void		(*release)(void *priv);
	void		*priv;
	struct page	*pages[];
};

#endif
