; Written by jobs/taxi/kernel/scan.py with Python 3.11.


; Function Attrs: nofree
define noundef range(i32 -1, -2) i32 @rows(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, i64 %arg.file, ptr captures(none) %arg.places, ptr captures(none) %arg.text, i64 %arg.room, i64 %arg.fields, i64 %arg.position, i64 %arg.month, i64 %arg.days, ptr captures(none) %arg.trips, ptr writeonly captures(none) %arg.doubtful, i64 %arg.most, ptr writeonly captures(none) %arg.texts, i64 %arg.left) local_unnamed_addr #0 {
B0:
  %const = bitcast i64 9223372036854775776 to i64
  %.111 = getelementptr i8, ptr %arg.places, i64 8
  %.2665 = trunc i64 %arg.file to i32
  %.109.pre = load i64, ptr %arg.places, align 8
  %.112.pre = load i64, ptr %.111, align 8
  %xtraiter = and i64 %arg.position, 7
  %const_mat = add i64 %const, 24
  %unroll_iter = and i64 %arg.position, %const_mat
  %scevgep236 = getelementptr i8, ptr %arg.text, i64 -1
  %scevgep243 = getelementptr i8, ptr %arg.texts, i64 16
  %scevgep247 = getelementptr i8, ptr %arg.text, i64 16
  br label %B26

B26:                                              ; preds = %B3732, %B0
  %.112 = phi i64 [ %.112.pre, %B0 ], [ %_more_v2_end.3.4, %B3732 ]
  %.109 = phi i64 [ %.109.pre, %B0 ], [ 0, %B3732 ]
  %number.5.0 = phi i64 [ 0, %B0 ], [ %number.6.11224, %B3732 ]
  %others.5.0 = phi i64 [ 0, %B0 ], [ %others.6.11227, %B3732 ]
  %used.5.0 = phi i64 [ 0, %B0 ], [ %used.6.11230, %B3732 ]
  %.135 = icmp slt i64 %.109, %.112
  br i1 %.135, label %B110.preheader, label %B3260.thread

B110.preheader:                                   ; preds = %B26
  br label %B110

B3260.thread:                                     ; preds = %B26
  store i64 %.109, ptr %arg.places, align 8
  br label %B3428.endif

B110:                                             ; preds = %B110.preheader, %B3252
  %number.4.2 = phi i64 [ %number.7.5, %B3252 ], [ %number.5.0, %B110.preheader ]
  %others.4.2 = phi i64 [ %others.7.5, %B3252 ], [ %others.5.0, %B110.preheader ]
  %used.4.2 = phi i64 [ %used.7.5, %B3252 ], [ %used.5.0, %B110.preheader ]
  %foreign.2.2 = phi i1 [ %.311, %B3252 ], [ false, %B110.preheader ]
  %next_start.5.2 = phi i64 [ %next_start.6.5, %B3252 ], [ %.109, %B110.preheader ]
  %quoted.5.2 = phi i1 [ %"$phi1490.1.2.3", %B3252 ], [ false, %B110.preheader ]
  %seen.5.2 = phi i64 [ %.2227, %B3252 ], [ 0, %B110.preheader ]
  %at.2.2 = phi i64 [ %.2271, %B3252 ], [ %.109, %B110.preheader ]
  %.252 = getelementptr i8, ptr %arg.text, i64 %at.2.2
  %.254 = load <64 x i8>, ptr %.252, align 1
  %.255 = icmp eq <64 x i8> %.254, splat (i8 10)
  %.257 = icmp eq <64 x i8> %.254, splat (i8 13)
  %.259904 = or <64 x i1> %.255, %.257
  %.259 = bitcast <64 x i1> %.259904 to i64
  %.260 = icmp eq <64 x i8> %.254, splat (i8 44)
  %.261 = bitcast <64 x i1> %.260 to i64
  %.262 = icmp eq <64 x i8> %.254, splat (i8 34)
  %.263 = bitcast <64 x i1> %.262 to i64
  %.264 = icmp slt <64 x i8> %.254, zeroinitializer
  %.265 = bitcast <64 x i1> %.264 to i64
  %.309 = icmp ne i64 %.265, 0
  %.311 = or i1 %foreign.2.2, %.309
  %.319 = sub nsw i64 %.112, %at.2.2
  %.320 = icmp slt i64 %.319, 64
  %notmask = shl nsw i64 -1, %.319
  %.366 = xor i64 %notmask, -1
  %.368 = select i1 %.320, i64 %.366, i64 -1
  %ends.3.3.ph = and i64 %.368, %.259
  %.483.not1011 = icmp eq i64 %ends.3.3.ph, 0
  br i1 %.483.not1011, label %B3202, label %B296.preheader.preheader

B296.preheader.preheader:                         ; preds = %B110
  %0 = add i64 %seen.5.2, 1
  %1 = xor i1 %quoted.5.2, true
  br label %B296.outer

B296.outer:                                       ; preds = %B296.preheader.preheader, %B3134
  %number.2.4.ph = phi i64 [ %number.4.2, %B296.preheader.preheader ], [ %.2158, %B3134 ]
  %others.2.4.ph = phi i64 [ %others.4.2, %B296.preheader.preheader ], [ %others.8.6, %B3134 ]
  %used.2.4.ph = phi i64 [ %used.4.2, %B296.preheader.preheader ], [ %used.8.6, %B3134 ]
  %next_start.3.4.ph = phi i64 [ %next_start.5.2, %B296.preheader.preheader ], [ %.536.lcssa, %B3134 ]
  %quoted.3.4.ph = phi i1 [ %1, %B296.preheader.preheader ], [ true, %B3134 ]
  %seen.3.4.ph = phi i64 [ %0, %B296.preheader.preheader ], [ 1, %B3134 ]
  %ends.4.4.ph = phi i64 [ %ends.3.3.ph, %B296.preheader.preheader ], [ %.526.lcssa, %B3134 ]
  %commas.2.4.ph = phi i64 [ %.261, %B296.preheader.preheader ], [ %.587.lcssa, %B3134 ]
  %quotes.2.4.ph = phi i64 [ %.263, %B296.preheader.preheader ], [ %.595.lcssa, %B3134 ]
  %.509.peel = add i64 %ends.4.4.ph, -1
  %.511.peel = xor i64 %ends.4.4.ph, -1
  %.512.peel = and i64 %.509.peel, %.511.peel
  %.517.peel = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %ends.4.4.ph, i1 true)
  %.519.peel = add nsw i64 %.517.peel, %at.2.2
  %.526.peel = and i64 %.509.peel, %ends.4.4.ph
  %.536.peel = add nsw i64 %.519.peel, 1
  %.545.peel = and i64 %.512.peel, %commas.2.4.ph
  %.546.peel = tail call range(i64 0, 65) i64 @llvm.ctpop.i64(i64 %.545.peel)
  %.551.peel = add i64 %.546.peel, %seen.3.4.ph
  %.565.peel = and i64 %quotes.2.4.ph, %.512.peel
  %.568.peel = icmp eq i64 %.565.peel, 0
  %"$phi468.1.2.6.peel" = select i1 %quoted.3.4.ph, i1 %.568.peel, i1 false
  %.585.peel = xor i64 %.512.peel, -1
  %.587.peel = and i64 %commas.2.4.ph, %.585.peel
  %.595.peel = and i64 %quotes.2.4.ph, %.585.peel
  %.620.peel = icmp eq i64 %.519.peel, %next_start.3.4.ph
  br i1 %.620.peel, label %B282.loopexit.peel, label %B524.endif

B282.loopexit.peel:                               ; preds = %B296.outer
  %.483.not.peel = icmp eq i64 %.526.peel, 0
  br i1 %.483.not.peel, label %B3202, label %B296.preheader

B296.preheader:                                   ; preds = %B282.loopexit.peel
  br label %B296

B282.loopexit:                                    ; preds = %B296
  %.483.not = icmp eq i64 %.526, 0
  br i1 %.483.not, label %B3202, label %B296, !llvm.loop !0

B296:                                             ; preds = %B296.preheader, %B282.loopexit
  %next_start.3.4 = phi i64 [ %.536, %B282.loopexit ], [ %.536.peel, %B296.preheader ]
  %ends.4.4 = phi i64 [ %.526, %B282.loopexit ], [ %.526.peel, %B296.preheader ]
  %commas.2.4 = phi i64 [ %.587, %B282.loopexit ], [ %.587.peel, %B296.preheader ]
  %quotes.2.4 = phi i64 [ %.595, %B282.loopexit ], [ %.595.peel, %B296.preheader ]
  %.509 = add i64 %ends.4.4, -1
  %.511 = xor i64 %ends.4.4, -1
  %.512 = and i64 %.509, %.511
  %.517 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %ends.4.4, i1 true)
  %.519 = add nsw i64 %.517, %at.2.2
  %.526 = and i64 %.509, %ends.4.4
  %.536 = add nsw i64 %.519, 1
  %.585 = xor i64 %.512, -1
  %.587 = and i64 %commas.2.4, %.585
  %.595 = and i64 %quotes.2.4, %.585
  %.620 = icmp eq i64 %.519, %next_start.3.4
  br i1 %.620, label %B282.loopexit, label %B524.endif.loopexit

B592:                                             ; preds = %B592.preheader228, %B592
  %lsr.iv = phi i64 [ %unroll_iter, %B592.preheader228 ], [ %lsr.iv.next, %B592 ]
  %ahead.2.6964 = phi i64 [ %.820.7, %B592 ], [ %.682, %B592.preheader228 ]
  %.818 = add i64 %ahead.2.6964, -1
  %.820 = and i64 %.818, %ahead.2.6964
  %.818.1 = add i64 %.820, -1
  %.820.1 = and i64 %.818.1, %.820
  %.818.2 = add i64 %.820.1, -1
  %.820.2 = and i64 %.818.2, %.820.1
  %.818.3 = add i64 %.820.2, -1
  %.820.3 = and i64 %.818.3, %.820.2
  %.818.4 = add i64 %.820.3, -1
  %.820.4 = and i64 %.818.4, %.820.3
  %.818.5 = add i64 %.820.4, -1
  %.820.5 = and i64 %.818.5, %.820.4
  %.818.6 = add i64 %.820.5, -1
  %.820.6 = and i64 %.818.6, %.820.5
  %.818.7 = add i64 %.820.6, -1
  %.820.7 = and i64 %.818.7, %.820.6
  %lsr.iv.next = add nsw i64 %lsr.iv, -8
  %niter.ncmp.7 = icmp eq i64 %lsr.iv.next, 0
  br i1 %niter.ncmp.7, label %B590.B664_crit_edge.unr-lcssa, label %B592

B590.B664_crit_edge.unr-lcssa:                    ; preds = %B592
  %2 = icmp eq i64 %xtraiter, 0
  br i1 %2, label %B590.B664_crit_edge, label %B592.epil.preheader

B592.epil.preheader:                              ; preds = %B590.B664_crit_edge.unr-lcssa, %B592.preheader
  %ahead.2.6964.epil.init = phi i64 [ %.682, %B592.preheader ], [ %.820.7, %B590.B664_crit_edge.unr-lcssa ]
  br label %B592.epil

B592.epil:                                        ; preds = %B592.epil, %B592.epil.preheader
  %lsr.iv231 = phi i64 [ %lsr.iv.next232, %B592.epil ], [ %xtraiter, %B592.epil.preheader ]
  %ahead.2.6964.epil = phi i64 [ %.820.epil, %B592.epil ], [ %ahead.2.6964.epil.init, %B592.epil.preheader ]
  %.818.epil = add i64 %ahead.2.6964.epil, -1
  %.820.epil = and i64 %.818.epil, %ahead.2.6964.epil
  %lsr.iv.next232 = add nsw i64 %lsr.iv231, -1
  %epil.iter.cmp.not = icmp eq i64 %lsr.iv.next232, 0
  br i1 %epil.iter.cmp.not, label %B590.B664_crit_edge, label %B592.epil, !llvm.loop !2

B590.B664_crit_edge:                              ; preds = %B592.epil, %B590.B664_crit_edge.unr-lcssa
  %ahead.2.6964.lcssa = phi i64 [ %.820.6, %B590.B664_crit_edge.unr-lcssa ], [ %ahead.2.6964.epil, %B592.epil ]
  %.811.le = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %ahead.2.6964.lcssa, i1 false)
  %.813.le = add i64 %next_start.3.4.lcssa, 1
  %.814.le = add i64 %.813.le, %.811.le
  br label %B664

B664:                                             ; preds = %B590.B664_crit_edge, %B524.endif
  %begin.3.6.lcssa = phi i64 [ %.814.le, %B590.B664_crit_edge ], [ %next_start.3.4.lcssa, %B524.endif ]
  %.831 = add nsw i64 %begin.3.6.lcssa, 19
  %.844 = add nsw i64 %next_start.3.4.lcssa, 64
  %.846 = icmp sle i64 %begin.3.6.lcssa, %.844
  %or.cond = select i1 %"$phi468.1.2.6.lcssa", i1 %.846, i1 false
  br i1 %or.cond, label %B1490, label %B762.preheader

B762.preheader:                                   ; preds = %B664
  br label %B762

B762:                                             ; preds = %B762.preheader, %B1324
  %_quoted_v5_at.6.7 = phi i64 [ %.2194, %B1324 ], [ %next_start.3.4.lcssa, %B762.preheader ]
  %_quoted_v5_fields.2.7 = phi i64 [ %.1119, %B1324 ], [ 0, %B762.preheader ]
  %_quoted_v5_begin.3.7 = phi i64 [ %spec.select, %B1324 ], [ %next_start.3.4.lcssa, %B762.preheader ]
  %_quoted_v5_end.3.7 = phi i64 [ %spec.select898, %B1324 ], [ %next_start.3.4.lcssa, %B762.preheader ]
  %_quoted_v5_sure.3.7 = phi i1 [ %.1162796, %B1324 ], [ true, %B762.preheader ]
  %.920 = getelementptr i8, ptr %arg.text, i64 %_quoted_v5_at.6.7
  %.921 = load i8, ptr %.920, align 1
  %.921.fr = freeze i8 %.921
  %.923 = icmp eq i8 %.921.fr, 34
  %.930 = zext i1 %.923 to i64
  %.931 = add nsw i64 %_quoted_v5_at.6.7, %.930
  %.947 = getelementptr i8, ptr %arg.text, i64 %.931
  %.948 = load i8, ptr %.947, align 1
  %3 = zext i8 %.948 to i32
  switch i32 %3, label %B870 [
    i32 10, label %B1010
    i32 13, label %B1010
    i32 34, label %B1010
  ]

B870:                                             ; preds = %B762
  %4 = icmp eq i8 %.921.fr, 34
  %.993 = icmp ne i8 %.948, 44
  %or.cond896 = or i1 %4, %.993
  br i1 %or.cond896, label %B886.preheader, label %B1010

B886.preheader:                                   ; preds = %B870
  %5 = icmp eq i8 %.921.fr, 34
  br i1 %5, label %B886.us.preheader, label %B886.preheader226

B886.preheader226:                                ; preds = %B886.preheader
  br label %B886

B886.us.preheader:                                ; preds = %B886.preheader
  br label %B886.us

B886.us:                                          ; preds = %B886.us.preheader, %B886.us
  %_quoted_v5_at.7.9.us = phi i64 [ %.998.us, %B886.us ], [ %.931, %B886.us.preheader ]
  %.998.us = add nsw i64 %_quoted_v5_at.7.9.us, 1
  %sunkaddr = getelementptr i8, ptr %arg.text, i64 %_quoted_v5_at.7.9.us
  %sunkaddr273 = getelementptr i8, ptr %sunkaddr, i64 1
  %.1010.us = load i8, ptr %sunkaddr273, align 1
  %6 = zext i8 %.1010.us to i32
  switch i32 %6, label %B886.us [
    i32 10, label %B1010.loopexit
    i32 13, label %B1010.loopexit
    i32 34, label %B1010.loopexit
  ]

B886:                                             ; preds = %B886.preheader226, %B886
  %_quoted_v5_at.7.9 = phi i64 [ %.998, %B886 ], [ %.931, %B886.preheader226 ]
  %.998 = add nsw i64 %_quoted_v5_at.7.9, 1
  %sunkaddr274 = getelementptr i8, ptr %arg.text, i64 %_quoted_v5_at.7.9
  %sunkaddr275 = getelementptr i8, ptr %sunkaddr274, i64 1
  %.1010 = load i8, ptr %sunkaddr275, align 1
  %7 = zext i8 %.1010 to i32
  switch i32 %7, label %B886 [
    i32 10, label %B1010.loopexit227
    i32 13, label %B1010.loopexit227
    i32 34, label %B1010.loopexit227
    i32 44, label %B1010.loopexit227
  ]

B1010.loopexit:                                   ; preds = %B886.us, %B886.us, %B886.us
  br label %B1010

B1010.loopexit227:                                ; preds = %B886, %B886, %B886, %B886
  br label %B1010

B1010:                                            ; preds = %B1010.loopexit227, %B1010.loopexit, %B870, %B762, %B762, %B762
  %.1092 = phi i8 [ 44, %B870 ], [ %.948, %B762 ], [ %.948, %B762 ], [ %.948, %B762 ], [ %.1010.us, %B1010.loopexit ], [ %.1010, %B1010.loopexit227 ]
  %_quoted_v5_at.8.8 = phi i64 [ %.931, %B870 ], [ %.931, %B762 ], [ %.931, %B762 ], [ %.931, %B762 ], [ %.998.us, %B1010.loopexit ], [ %.998, %B1010.loopexit227 ]
  %8 = icmp eq i8 %.921.fr, 34
  %.1076 = icmp eq i64 %_quoted_v5_fields.2.7, %arg.position
  %spec.select = select i1 %.1076, i64 %.931, i64 %_quoted_v5_begin.3.7
  %spec.select898 = select i1 %.1076, i64 %_quoted_v5_at.8.8, i64 %_quoted_v5_end.3.7
  %.1094 = icmp eq i8 %.1092, 34
  %9 = xor i1 %8, %.1094
  %.1096 = xor i1 %9, true
  %.1100 = and i1 %_quoted_v5_sure.3.7, %.1096
  %.1111 = zext i1 %.1094 to i64
  %.1112 = add nsw i64 %_quoted_v5_at.8.8, %.1111
  %.1119 = add nuw nsw i64 %_quoted_v5_fields.2.7, 1
  %.1127 = getelementptr i8, ptr %arg.text, i64 %.1112
  %.1128 = load i8, ptr %.1127, align 1
  %10 = zext i8 %.1128 to i32
  switch i32 %10, label %B1162.preheader [
    i32 44, label %B1324
    i32 10, label %B1324
    i32 13, label %B1336
  ]

B1162.preheader:                                  ; preds = %B1010
  br label %B1162

B1162:                                            ; preds = %B1162.preheader, %B1162
  %_quoted_v5_at.9.9 = phi i64 [ %.1207, %B1162 ], [ %.1112, %B1162.preheader ]
  %.1207 = add nsw i64 %_quoted_v5_at.9.9, 1
  %sunkaddr276 = getelementptr i8, ptr %arg.text, i64 %_quoted_v5_at.9.9
  %sunkaddr277 = getelementptr i8, ptr %sunkaddr276, i64 1
  %.1219 = load i8, ptr %sunkaddr277, align 1
  %11 = zext i8 %.1219 to i32
  switch i32 %11, label %B1162 [
    i32 10, label %B1324.loopexit
    i32 13, label %B1324.loopexit
    i32 44, label %B1324.loopexit
  ]

B1324.loopexit:                                   ; preds = %B1162, %B1162, %B1162
  br label %B1324

B1324:                                            ; preds = %B1324.loopexit, %B1010, %B1010
  %.1262 = phi i8 [ %.1128, %B1010 ], [ %.1128, %B1010 ], [ %.1219, %B1324.loopexit ]
  %.1162796 = phi i1 [ %.1100, %B1010 ], [ %.1100, %B1010 ], [ false, %B1324.loopexit ]
  %_quoted_v5_at.10.8 = phi i64 [ %.1112, %B1010 ], [ %.1112, %B1010 ], [ %.1207, %B1324.loopexit ]
  %.1264.not = icmp eq i8 %.1262, 44
  %.2194 = add nsw i64 %_quoted_v5_at.10.8, 1
  br i1 %.1264.not, label %B762, label %B1336

B1336:                                            ; preds = %B1010, %B1324
  %.11627961217 = phi i1 [ %.1100, %B1010 ], [ %.1162796, %B1324 ]
  %spec.select899 = select i1 %.11627961217, i64 %.1119, i64 0
  br label %B1490

B1490:                                            ; preds = %B664, %B1336
  %found.2.6 = phi i64 [ %.551.lcssa, %B664 ], [ %spec.select899, %B1336 ]
  %begin.4.6 = phi i64 [ %begin.3.6.lcssa, %B664 ], [ %spec.select, %B1336 ]
  %end.4.6 = phi i64 [ %.831, %B664 ], [ %spec.select898, %B1336 ]
  %.1337 = sub nsw i64 %found.2.6, %arg.fields
  %or.cond900 = icmp ugt i64 %.1337, 2
  br i1 %or.cond900, label %B2751, label %B1562.preheader

B1562.preheader:                                  ; preds = %B1490
  %scevgep237 = getelementptr i8, ptr %scevgep236, i64 %.519.lcssa
  %12 = sub i64 %arg.fields, %found.2.6
  br label %B1562

B1562:                                            ; preds = %B1562.preheader, %B1596
  %lsr.iv238 = phi i64 [ 0, %B1562.preheader ], [ %lsr.iv.next239, %B1596 ]
  %exitcond1206.not = icmp eq i64 %12, %lsr.iv238
  br i1 %exitcond1206.not, label %B1819, label %B1596

B1596:                                            ; preds = %B1562
  %scevgep240 = getelementptr i8, ptr %scevgep237, i64 %lsr.iv238
  %.1492 = load i8, ptr %scevgep240, align 1
  %.1494.not = icmp eq i8 %.1492, 44
  %lsr.iv.next239 = add i64 %lsr.iv238, -1
  br i1 %.1494.not, label %B1562, label %B2751

B1819:                                            ; preds = %B1562
  %.1521 = sub nsw i64 %end.4.6, %begin.4.6
  %.1522 = icmp eq i64 %.1521, 19
  br i1 %.1522, label %B1821, label %B2751

B1821:                                            ; preds = %B1819
  %13 = getelementptr i8, ptr %arg.text, i64 %begin.4.6
  %.1530 = getelementptr i8, ptr %13, i64 8
  %.1532 = load i64, ptr %.1530, align 1
  %.1533 = xor i64 %.1532, 3472339291342909488
  %.1535 = getelementptr i8, ptr %13, i64 16
  %.1537 = load i64, ptr %.1535, align 1
  %.1538 = and i64 %.1537, 16777215
  %.1539 = xor i64 %.1538, 3158074
  %.1540 = add i64 %.1533, 8537276190405129846
  %.1543 = add nuw nsw i64 %.1539, 7764607
  %14 = or i64 %.1540, %.1543
  %15 = or i64 %14, %.1532
  %.1544 = or i64 %15, %.1538
  %.1545 = mul i64 %.1533, 10
  %.1546 = lshr i64 %.1533, 8
  %.1547 = add i64 %.1545, %.1546
  %.1548 = and i64 %.1547, 255
  %.1549 = lshr i64 %.1547, 24
  %.1550 = and i64 %.1549, 255
  %.1564 = load i64, ptr %13, align 1
  %.1565 = icmp eq i64 %.1564, %arg.month
  %.1566 = and i64 %.1544, -9187201950435737472
  %.1569 = icmp eq i64 %.1566, 0
  %.1570 = and i1 %.1565, %.1569
  %.1572 = icmp ne i64 %.1548, 0
  %.1573 = and i1 %.1572, %.1570
  %.1575 = icmp sle i64 %.1548, %arg.days
  %.1576 = and i1 %.1575, %.1573
  %.1578 = icmp samesign ult i64 %.1550, 24
  %.1579 = and i1 %.1578, %.1576
  br i1 %.1579, label %B2149, label %B2751

B2149:                                            ; preds = %B1821
  %.1557 = lshr i64 %.1547, 48
  %16 = mul nuw nsw i64 %.1548, 24
  %.1585 = add nuw nsw i64 %16, 576460752303423464
  %.1587 = add nuw nsw i64 %.1585, %.1550
  %.1610892.lhs.trunc = trunc i64 %.1557 to i8
  %.1610892893 = udiv i8 %.1610892.lhs.trunc, 15
  %.1610892.zext = zext nneg i8 %.1610892893 to i64
  %.1671 = icmp ne i64 %end.4.6, %.519.lcssa
  %or.cond901.not = select i1 %or.cond, i1 %.1671, i1 false
  br i1 %or.cond901.not, label %B2732, label %B2733

B2732:                                            ; preds = %B2149
  %.1675 = getelementptr i8, ptr %arg.text, i64 %end.4.6
  %.1676 = load i8, ptr %.1675, align 1
  %.1678 = icmp eq i8 %.1676, 44
  br i1 %.1678, label %B2733, label %B2751

B2733:                                            ; preds = %B2732, %B2149
  %.idx = shl i64 %.1587, 5
  %17 = getelementptr i8, ptr %arg.trips, i64 %.idx
  %.1706 = getelementptr i64, ptr %17, i64 %.1610892.zext
  %.1707 = load i64, ptr %.1706, align 8
  %.1708 = add nsw i64 %.1707, 1
  store i64 %.1708, ptr %.1706, align 8
  br label %B3134

B2751:                                            ; preds = %B1596, %B1490, %B1819, %B1821, %B2732
  %fit.3.6813847 = phi i1 [ false, %B1490 ], [ true, %B2732 ], [ true, %B1819 ], [ true, %B1821 ], [ false, %B1596 ]
  %.1720 = sub nsw i64 %.519.lcssa, %next_start.3.4.lcssa
  %.1726 = icmp eq i64 %others.2.4.ph, %arg.most
  br i1 %.1726, label %B3202, label %B2773

B2773:                                            ; preds = %B2751
  %.1730 = add nsw i64 %.1720, %used.2.4.ph
  %.1732 = icmp sgt i64 %.1730, %arg.left
  br i1 %.1732, label %B3202, label %B2815

B2815:                                            ; preds = %B2773
  br i1 %or.cond, label %B2817, label %B2868.endif

B2817:                                            ; preds = %B2815
  %.1814 = icmp slt i64 %begin.4.6, %.519.lcssa
  br i1 %.1814, label %B2859, label %B2868.endif

B2859:                                            ; preds = %B2817
  %.1825 = getelementptr i8, ptr %arg.text, i64 %begin.4.6
  %.1826 = load i8, ptr %.1825, align 1
  %.1830.not = icmp eq i8 %.1826, 44
  br i1 %.1830.not, label %B2868.endif, label %B2865.preheader

B2865.preheader:                                  ; preds = %B2859
  br label %B2865

B2865:                                            ; preds = %B2865.preheader, %B2867
  %end.5.8 = phi i64 [ %.1836, %B2867 ], [ %begin.4.6, %B2865.preheader ]
  %18 = add i64 %end.5.8, 1
  %.1847 = icmp slt i64 %18, %.519.lcssa
  br i1 %.1847, label %B2867, label %B2868.endif

B2867:                                            ; preds = %B2865
  %sunkaddr278 = getelementptr i8, ptr %arg.text, i64 %end.5.8
  %sunkaddr279 = getelementptr i8, ptr %sunkaddr278, i64 1
  %.1858 = load i8, ptr %sunkaddr279, align 1
  %.1862.not = icmp eq i8 %.1858, 44
  %.1836 = add nsw i64 %end.5.8, 1
  br i1 %.1862.not, label %B2868.endif, label %B2865

B2984:                                            ; preds = %B2984.preheader, %B2984
  %lsr.iv251 = phi i64 [ %40, %B2984.preheader ], [ %lsr.iv.next252, %B2984 ]
  %.1963971973 = phi i64 [ %.1970, %B2984 ], [ %.1963971973.ph, %B2984.preheader ]
  %.1970 = add nuw nsw i64 %.1963971973, 1
  %.1998 = getelementptr i8, ptr %.678, i64 %.1963971973
  %.1999 = load i8, ptr %.1998, align 1
  %.2003 = getelementptr i8, ptr %28, i64 %.1963971973
  store i8 %.1999, ptr %.2003, align 1
  %lsr.iv.next252 = add i64 %lsr.iv251, -1
  %.1957 = icmp samesign ugt i64 %lsr.iv.next252, 1
  br i1 %.1957, label %B2984, label %B3018, !llvm.loop !4

B3018:                                            ; preds = %B2984, %middle.block, %vec.epilog.middle.block, %B2868.endif
  %.2019.idx = mul i64 %others.2.4.ph, 40
  %.2019 = getelementptr i8, ptr %arg.doubtful, i64 %.2019.idx
  store i64 %number.2.4.ph, ptr %.2019, align 8
  %.2025 = getelementptr i8, ptr %.2019, i64 8
  store i64 %used.2.4.ph, ptr %.2025, align 8
  %.2033 = getelementptr i8, ptr %.2019, i64 16
  store i64 %.1730, ptr %.2033, align 8
  %.2041 = sub i64 %used.2.4.ph, %next_start.3.4.lcssa
  %.2045 = add i64 %begin.4.6, %.2041
  %"$phi1336.0.2.7" = select i1 %fit.3.6813847, i64 %.2045, i64 -1
  %.2059 = getelementptr i8, ptr %.2019, i64 24
  store i64 %"$phi1336.0.2.7", ptr %.2059, align 8
  %.2069 = add i64 %end.6.7, %.2041
  %.2077 = getelementptr i8, ptr %.2019, i64 32
  store i64 %.2069, ptr %.2077, align 8
  %.2080 = add nsw i64 %others.2.4.ph, 1
  br label %B3134

B3134:                                            ; preds = %B3018, %B2733
  %others.8.6 = phi i64 [ %others.2.4.ph, %B2733 ], [ %.2080, %B3018 ]
  %used.8.6 = phi i64 [ %used.2.4.ph, %B2733 ], [ %.1730, %B3018 ]
  %.2158 = add nsw i64 %number.2.4.ph, 1
  %.2166.not = icmp eq i64 %.526.lcssa, 0
  br i1 %.2166.not, label %B3202, label %B296.outer

B3202:                                            ; preds = %B282.loopexit.peel, %B2751, %B2773, %B3134, %B282.loopexit, %B110
  %number.7.5 = phi i64 [ %number.4.2, %B110 ], [ %number.2.4.ph, %B282.loopexit ], [ %.2158, %B3134 ], [ %number.2.4.ph, %B2773 ], [ %number.2.4.ph, %B282.loopexit.peel ], [ %number.2.4.ph, %B2751 ]
  %others.7.5 = phi i64 [ %others.4.2, %B110 ], [ %others.2.4.ph, %B282.loopexit ], [ %others.8.6, %B3134 ], [ %others.2.4.ph, %B2773 ], [ %others.2.4.ph, %B282.loopexit.peel ], [ %arg.most, %B2751 ]
  %used.7.5 = phi i64 [ %used.4.2, %B110 ], [ %used.2.4.ph, %B282.loopexit ], [ %used.8.6, %B3134 ], [ %used.2.4.ph, %B2773 ], [ %used.2.4.ph, %B282.loopexit.peel ], [ %used.2.4.ph, %B2751 ]
  %more.4.5 = phi i1 [ true, %B110 ], [ true, %B282.loopexit ], [ true, %B3134 ], [ false, %B2773 ], [ true, %B282.loopexit.peel ], [ false, %B2751 ]
  %next_start.6.5 = phi i64 [ %next_start.5.2, %B110 ], [ %.536, %B282.loopexit ], [ %.536.lcssa, %B3134 ], [ %next_start.3.4.lcssa, %B2773 ], [ %next_start.3.4.lcssa, %B2751 ], [ %.536.peel, %B282.loopexit.peel ]
  %quoted.6.5 = phi i1 [ %quoted.5.2, %B110 ], [ false, %B282.loopexit ], [ false, %B3134 ], [ false, %B2773 ], [ false, %B282.loopexit.peel ], [ false, %B2751 ]
  %seen.6.5 = phi i64 [ %seen.5.2, %B110 ], [ 0, %B282.loopexit ], [ 0, %B3134 ], [ 0, %B2773 ], [ 0, %B282.loopexit.peel ], [ 0, %B2751 ]
  %commas.4.5 = phi i64 [ %.261, %B110 ], [ %.587, %B282.loopexit ], [ %.587.lcssa, %B2773 ], [ %.587.lcssa, %B2751 ], [ %.587.lcssa, %B3134 ], [ %.587.peel, %B282.loopexit.peel ]
  %quotes.4.5 = phi i64 [ %.263, %B110 ], [ %.595, %B282.loopexit ], [ %.595.lcssa, %B2773 ], [ %.595.lcssa, %B2751 ], [ %.595.lcssa, %B3134 ], [ %.595.peel, %B282.loopexit.peel ]
  %.2271 = add nsw i64 %at.2.2, 64
  %.2291 = icmp slt i64 %.2271, %.112
  br i1 %.2291, label %B3252, label %B3260

B3252:                                            ; preds = %B3202
  %.2244 = icmp ne i64 %quotes.4.5, 0
  %"$phi1490.1.2.3" = select i1 %quoted.6.5, i1 true, i1 %.2244
  %.2223 = tail call range(i64 0, 65) i64 @llvm.ctpop.i64(i64 %commas.4.5)
  %.2227 = add nsw i64 %.2223, %seen.6.5
  br i1 %more.4.5, label %B110, label %B3260.thread1231

B3260.thread1231:                                 ; preds = %B3252
  store i64 %next_start.6.5, ptr %arg.places, align 8
  br label %B3733.loopexit

B3260:                                            ; preds = %B3202
  %19 = xor i1 %more.4.5, true
  %20 = select i1 %19, i1 true, i1 %.311
  store i64 %next_start.6.5, ptr %arg.places, align 8
  br i1 %20, label %B3733.loopexit, label %B3260.B3428.endif_crit_edge

B3260.B3428.endif_crit_edge:                      ; preds = %B3260
  %sunkaddr280 = getelementptr i8, ptr %arg.places, i64 8
  %.2459.pre = load i64, ptr %sunkaddr280, align 8
  br label %B3428.endif

B3612:                                            ; preds = %B3612, %B3612.preheader.new
  %lsr.iv261 = phi i64 [ %lsr.iv.next262, %B3612 ], [ 0, %B3612.preheader.new ]
  %lsr.iv253 = phi ptr [ %scevgep254, %B3612 ], [ %arg.text, %B3612.preheader.new ]
  %sunkaddr281 = getelementptr i8, ptr %arg.places, i64 8
  %.2644 = load i64, ptr %sunkaddr281, align 8
  %scevgep263 = getelementptr i8, ptr %lsr.iv253, i64 %.2644
  %.2648 = load i8, ptr %scevgep263, align 1
  store i8 %.2648, ptr %lsr.iv253, align 1
  %.2644.1 = load i64, ptr %sunkaddr281, align 8
  %21 = add i64 %.2644.1, 1
  %scevgep260 = getelementptr i8, ptr %lsr.iv253, i64 %21
  %.2648.1 = load i8, ptr %scevgep260, align 1
  %scevgep258 = getelementptr i8, ptr %lsr.iv253, i64 1
  store i8 %.2648.1, ptr %scevgep258, align 1
  %.2644.2 = load i64, ptr %sunkaddr281, align 8
  %22 = add i64 %.2644.2, 2
  %scevgep259 = getelementptr i8, ptr %lsr.iv253, i64 %22
  %.2648.2 = load i8, ptr %scevgep259, align 1
  %scevgep257 = getelementptr i8, ptr %lsr.iv253, i64 2
  store i8 %.2648.2, ptr %scevgep257, align 1
  %.2644.3 = load i64, ptr %sunkaddr281, align 8
  %23 = add i64 %.2644.3, 3
  %scevgep255 = getelementptr i8, ptr %lsr.iv253, i64 %23
  %.2648.3 = load i8, ptr %scevgep255, align 1
  %scevgep256 = getelementptr i8, ptr %lsr.iv253, i64 3
  store i8 %.2648.3, ptr %scevgep256, align 1
  %scevgep254 = getelementptr i8, ptr %lsr.iv253, i64 4
  %lsr.iv.next262 = add i64 %lsr.iv261, -4
  %niter184.ncmp.3 = icmp eq i64 %47, %lsr.iv.next262
  br i1 %niter184.ncmp.3, label %B3646.endif.loopexit.unr-lcssa, label %B3612

B3680:                                            ; preds = %B3646.endif
  %24 = getelementptr i8, ptr %arg.text, i64 %.2700
  %.2736 = getelementptr i8, ptr %24, i64 -1
  %.2737 = load i8, ptr %.2736, align 1
  %.2739.not = icmp eq i8 %.2737, 10
  br i1 %.2739.not, label %B3732, label %B3714.preheader

B3714.preheader:                                  ; preds = %B3680
  br label %B3714

B3714:                                            ; preds = %B3714.preheader, %B3718
  %_more_v2_end.2.3 = phi i64 [ %.2745, %B3718 ], [ %.2700, %B3714.preheader ]
  %.2755 = icmp sgt i64 %_more_v2_end.2.3, 1
  br i1 %.2755, label %B3718, label %B3732.thread874

B3718:                                            ; preds = %B3714
  %.2745 = add i64 %_more_v2_end.2.3, -1
  %sunkaddr282 = getelementptr i8, ptr %arg.text, i64 %_more_v2_end.2.3
  %sunkaddr283 = getelementptr i8, ptr %sunkaddr282, i64 -2
  %.2769 = load i8, ptr %sunkaddr283, align 1
  %.2771.not = icmp eq i8 %.2769, 10
  br i1 %.2771.not, label %B3732, label %B3714

B3732.thread874:                                  ; preds = %B3646.endif, %B3714
  %_more_v2_end.3.4.ph = phi i64 [ 0, %B3714 ], [ %.2700, %B3646.endif ]
  store i64 0, ptr %arg.places, align 8
  %sunkaddr284 = getelementptr i8, ptr %arg.places, i64 8
  store i64 %_more_v2_end.3.4.ph, ptr %sunkaddr284, align 8
  br label %common.ret

B3732:                                            ; preds = %B3718, %B3680
  %_more_v2_end.3.4 = phi i64 [ %.2700, %B3680 ], [ %.2745, %B3718 ]
  store i64 0, ptr %arg.places, align 8
  %sunkaddr285 = getelementptr i8, ptr %arg.places, i64 8
  store i64 %_more_v2_end.3.4, ptr %sunkaddr285, align 8
  br label %B26

common.ret:                                       ; preds = %B3732.thread874, %B3733.loopexit
  %others.6.11228 = phi i64 [ %others.6.11229, %B3733.loopexit ], [ %others.6.11227, %B3732.thread874 ]
  %number.6.11225 = phi i64 [ %number.6.11226, %B3733.loopexit ], [ %number.6.11224, %B3732.thread874 ]
  %foreign.4.11150 = phi i64 [ %25, %B3733.loopexit ], [ 0, %B3732.thread874 ]
  store i64 %number.6.11225, ptr %retptr, align 8
  %retptr.repack908 = getelementptr inbounds nuw i8, ptr %retptr, i64 8
  store i64 %others.6.11228, ptr %retptr.repack908, align 8
  %retptr.repack910 = getelementptr inbounds nuw i8, ptr %retptr, i64 16
  store i64 %foreign.4.11150, ptr %retptr.repack910, align 8
  ret i32 0

B3733.loopexit:                                   ; preds = %B3260, %B3428.endif, %B3260.thread1231
  %others.6.11229 = phi i64 [ %others.7.5, %B3260.thread1231 ], [ %others.7.5, %B3260 ], [ %others.6.11227, %B3428.endif ]
  %number.6.11226 = phi i64 [ %number.7.5, %B3260.thread1231 ], [ %number.7.5, %B3260 ], [ %number.6.11224, %B3428.endif ]
  %foreign.4.1.lcssa = phi i1 [ %.311, %B3260.thread1231 ], [ %.311, %B3260 ], [ false, %B3428.endif ]
  %25 = zext i1 %foreign.4.1.lcssa to i64
  br label %common.ret

B524.endif.loopexit:                              ; preds = %B296
  %.565 = and i64 %quotes.2.4, %.512
  %.568 = icmp eq i64 %.565, 0
  %.545 = and i64 %.512, %commas.2.4
  %.546 = tail call range(i64 0, 65) i64 @llvm.ctpop.i64(i64 %.545)
  %.551 = add nuw nsw i64 %.546, 1
  br label %B524.endif

B524.endif:                                       ; preds = %B524.endif.loopexit, %B296.outer
  %next_start.3.4.lcssa = phi i64 [ %next_start.3.4.ph, %B296.outer ], [ %next_start.3.4, %B524.endif.loopexit ]
  %.519.lcssa = phi i64 [ %.519.peel, %B296.outer ], [ %.519, %B524.endif.loopexit ]
  %.526.lcssa = phi i64 [ %.526.peel, %B296.outer ], [ %.526, %B524.endif.loopexit ]
  %.536.lcssa = phi i64 [ %.536.peel, %B296.outer ], [ %.536, %B524.endif.loopexit ]
  %.551.lcssa = phi i64 [ %.551.peel, %B296.outer ], [ %.551, %B524.endif.loopexit ]
  %"$phi468.1.2.6.lcssa" = phi i1 [ %"$phi468.1.2.6.peel", %B296.outer ], [ %.568, %B524.endif.loopexit ]
  %.587.lcssa = phi i64 [ %.587.peel, %B296.outer ], [ %.587, %B524.endif.loopexit ]
  %.595.lcssa = phi i64 [ %.595.peel, %B296.outer ], [ %.595, %B524.endif.loopexit ]
  %26 = icmp slt i64 %arg.position, 1
  %.678 = getelementptr i8, ptr %arg.text, i64 %next_start.3.4.lcssa
  br i1 %26, label %B664, label %B592.preheader

B592.preheader:                                   ; preds = %B524.endif
  %27 = icmp ult i64 %arg.position, 8
  %.680 = load <64 x i8>, ptr %.678, align 1
  %.681 = icmp eq <64 x i8> %.680, splat (i8 44)
  %.682 = bitcast <64 x i1> %.681 to i64
  br i1 %27, label %B592.epil.preheader, label %B592.preheader228

B592.preheader228:                                ; preds = %B592.preheader
  br label %B592

B2868.endif:                                      ; preds = %B2865, %B2867, %B2815, %B2817, %B2859
  %end.6.7 = phi i64 [ %begin.4.6, %B2817 ], [ %end.4.6, %B2815 ], [ %begin.4.6, %B2859 ], [ %.519.lcssa, %B2865 ], [ %.1836, %B2867 ]
  %..1720 = tail call i64 @llvm.smax.i64(i64 %.1720, i64 0)
  %.1957972.not = icmp slt i64 %.1720, 1
  br i1 %.1957972.not, label %B3018, label %iter.check

iter.check:                                       ; preds = %B2868.endif
  %28 = getelementptr i8, ptr %arg.texts, i64 %used.2.4.ph
  %min.iters.check = icmp slt i64 %.1720, 4
  br i1 %min.iters.check, label %B2984.preheader, label %vector.memcheck

vector.memcheck:                                  ; preds = %iter.check
  %29 = ptrtoint ptr %arg.texts to i64
  %30 = ptrtoint ptr %arg.text to i64
  %31 = add i64 %used.2.4.ph, %29
  %32 = add i64 %next_start.3.4.lcssa, %30
  %33 = sub i64 %31, %32
  %diff.check = icmp ult i64 %33, 32
  br i1 %diff.check, label %B2984.preheader, label %vector.main.loop.iter.check

vector.main.loop.iter.check:                      ; preds = %vector.memcheck
  %min.iters.check131 = icmp slt i64 %.1720, 32
  br i1 %min.iters.check131, label %vec.epilog.ph, label %vector.ph

vector.ph:                                        ; preds = %vector.main.loop.iter.check
  %n.vec = and i64 %..1720, %const
  %scevgep244 = getelementptr i8, ptr %scevgep243, i64 %used.2.4.ph
  %scevgep248 = getelementptr i8, ptr %scevgep247, i64 %next_start.3.4.lcssa
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.ph
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %scevgep249 = getelementptr i8, ptr %scevgep248, i64 %index
  %scevgep250 = getelementptr i8, ptr %scevgep249, i64 -16
  %wide.load = load <16 x i8>, ptr %scevgep250, align 1
  %wide.load132 = load <16 x i8>, ptr %scevgep249, align 1
  %scevgep245 = getelementptr i8, ptr %scevgep244, i64 %index
  %scevgep246 = getelementptr i8, ptr %scevgep245, i64 -16
  store <16 x i8> %wide.load, ptr %scevgep246, align 1
  store <16 x i8> %wide.load132, ptr %scevgep245, align 1
  %index.next = add nuw i64 %index, 32
  %34 = icmp eq i64 %n.vec, %index.next
  br i1 %34, label %middle.block, label %vector.body, !llvm.loop !6

middle.block:                                     ; preds = %vector.body
  %cmp.n = icmp eq i64 %.1720, %n.vec
  br i1 %cmp.n, label %B3018, label %vec.epilog.iter.check

vec.epilog.iter.check:                            ; preds = %middle.block
  %ind.end = and i64 %..1720, 31
  %35 = and i64 %..1720, 28
  %min.epilog.iters.check = icmp eq i64 %35, 0
  br i1 %min.epilog.iters.check, label %B2984.preheader, label %vec.epilog.ph, !prof !8

vec.epilog.ph:                                    ; preds = %vector.main.loop.iter.check, %vec.epilog.iter.check
  %vec.epilog.resume.val = phi i64 [ %n.vec, %vec.epilog.iter.check ], [ 0, %vector.main.loop.iter.check ]
  %const_mat272 = add i64 %const, 28
  %n.vec134 = and i64 %..1720, %const_mat272
  %36 = and i64 %..1720, 3
  br label %vec.epilog.vector.body

vec.epilog.vector.body:                           ; preds = %vec.epilog.vector.body, %vec.epilog.ph
  %index135 = phi i64 [ %vec.epilog.resume.val, %vec.epilog.ph ], [ %index.next137, %vec.epilog.vector.body ]
  %37 = getelementptr i8, ptr %.678, i64 %index135
  %wide.load136 = load <4 x i8>, ptr %37, align 1
  %38 = getelementptr i8, ptr %28, i64 %index135
  store <4 x i8> %wide.load136, ptr %38, align 1
  %index.next137 = add nuw i64 %index135, 4
  %39 = icmp eq i64 %n.vec134, %index.next137
  br i1 %39, label %vec.epilog.middle.block, label %vec.epilog.vector.body, !llvm.loop !9

vec.epilog.middle.block:                          ; preds = %vec.epilog.vector.body
  %cmp.n138 = icmp eq i64 %.1720, %n.vec134
  br i1 %cmp.n138, label %B3018, label %B2984.preheader

B2984.preheader:                                  ; preds = %vector.memcheck, %iter.check, %vec.epilog.iter.check, %vec.epilog.middle.block
  %.1956970974.ph = phi i64 [ %..1720, %iter.check ], [ %..1720, %vector.memcheck ], [ %ind.end, %vec.epilog.iter.check ], [ %36, %vec.epilog.middle.block ]
  %.1963971973.ph = phi i64 [ 0, %iter.check ], [ 0, %vector.memcheck ], [ %n.vec, %vec.epilog.iter.check ], [ %n.vec134, %vec.epilog.middle.block ]
  %40 = add nuw i64 %.1956970974.ph, 1
  br label %B2984

B3428.endif:                                      ; preds = %B3260.B3428.endif_crit_edge, %B3260.thread
  %.2459 = phi i64 [ %.112, %B3260.thread ], [ %.2459.pre, %B3260.B3428.endif_crit_edge ]
  %used.6.11230 = phi i64 [ %used.5.0, %B3260.thread ], [ %used.7.5, %B3260.B3428.endif_crit_edge ]
  %others.6.11227 = phi i64 [ %others.5.0, %B3260.thread ], [ %others.7.5, %B3260.B3428.endif_crit_edge ]
  %number.6.11224 = phi i64 [ %number.5.0, %B3260.thread ], [ %number.7.5, %B3260.B3428.endif_crit_edge ]
  %41 = icmp eq i64 %arg.file, -1
  %sunkaddr286 = getelementptr i8, ptr %arg.places, i64 16
  %.2456 = load i64, ptr %sunkaddr286, align 8
  %.2460 = sub i64 %.2456, %.2459
  %.2465 = sub nsw i64 %arg.room, %.2460
  %sunkaddr287 = getelementptr i8, ptr %arg.places, i64 32
  %.2468 = load i64, ptr %sunkaddr287, align 8
  %sunkaddr288 = getelementptr i8, ptr %arg.places, i64 24
  %.2471 = load i64, ptr %sunkaddr288, align 8
  %.2472 = sub nsw i64 %.2468, %.2471
  %.13.i = tail call i64 @llvm.smin.i64(i64 %.2472, i64 %.2465)
  %.2508 = icmp slt i64 %.13.i, 1
  %or.cond903 = select i1 %41, i1 true, i1 %.2508
  br i1 %or.cond903, label %B3733.loopexit, label %B3534.endif

B3534.endif:                                      ; preds = %B3428.endif
  %.26041061.not = icmp slt i64 %.2460, 1
  br i1 %.26041061.not, label %B3646.endif, label %B3612.preheader

B3612.preheader:                                  ; preds = %B3534.endif
  %xtraiter179 = and i64 %.2460, 3
  %42 = sub i64 %.2459, %.2456
  %43 = icmp ugt i64 %42, -4
  br i1 %43, label %B3612.epil.preheader, label %B3612.preheader.new

B3612.preheader.new:                              ; preds = %B3612.preheader
  %44 = lshr i64 %.2460, 2
  %45 = trunc i64 %44 to i61
  %46 = zext i61 %45 to i64
  %47 = mul nsw i64 %46, -4
  br label %B3612

B3646.endif.loopexit.unr-lcssa:                   ; preds = %B3612
  %lcmp.mod181.not = icmp eq i64 %xtraiter179, 0
  %48 = mul i64 %lsr.iv.next262, -1
  br i1 %lcmp.mod181.not, label %B3646.endif.loopexit, label %B3612.epil.preheader

B3612.epil.preheader:                             ; preds = %B3646.endif.loopexit.unr-lcssa, %B3612.preheader
  %.261010601062.epil.init = phi i64 [ 0, %B3612.preheader ], [ %48, %B3646.endif.loopexit.unr-lcssa ]
  %scevgep264 = getelementptr i8, ptr %arg.text, i64 %.261010601062.epil.init
  br label %B3612.epil

B3612.epil:                                       ; preds = %B3612.epil, %B3612.epil.preheader
  %lsr.iv268 = phi i64 [ %lsr.iv.next269, %B3612.epil ], [ %xtraiter179, %B3612.epil.preheader ]
  %lsr.iv265 = phi ptr [ %scevgep266, %B3612.epil ], [ %scevgep264, %B3612.epil.preheader ]
  %sunkaddr289 = getelementptr i8, ptr %arg.places, i64 8
  %.2644.epil = load i64, ptr %sunkaddr289, align 8
  %scevgep267 = getelementptr i8, ptr %lsr.iv265, i64 %.2644.epil
  %.2648.epil = load i8, ptr %scevgep267, align 1
  store i8 %.2648.epil, ptr %lsr.iv265, align 1
  %scevgep266 = getelementptr i8, ptr %lsr.iv265, i64 1
  %lsr.iv.next269 = add nsw i64 %lsr.iv268, -1
  %epil.iter180.cmp.not = icmp eq i64 %lsr.iv.next269, 0
  br i1 %epil.iter180.cmp.not, label %B3646.endif.loopexit, label %B3612.epil, !llvm.loop !10

B3646.endif.loopexit:                             ; preds = %B3612.epil, %B3646.endif.loopexit.unr-lcssa
  %sunkaddr290 = getelementptr i8, ptr %arg.places, i64 24
  %.2659.pre = load i64, ptr %sunkaddr290, align 8
  br label %B3646.endif

B3646.endif:                                      ; preds = %B3646.endif.loopexit, %B3534.endif
  %.2659 = phi i64 [ %.2659.pre, %B3646.endif.loopexit ], [ %.2471, %B3534.endif ]
  %.2664 = getelementptr i8, ptr %arg.text, i64 %.2460
  %.2666 = tail call i64 @pread(i32 %.2665, ptr %.2664, i64 %.13.i, i64 %.2659)
  %.13.i39 = tail call i64 @llvm.smax.i64(i64 %.2666, i64 0)
  %.2700 = add nsw i64 %.13.i39, %.2460
  %sunkaddr291 = getelementptr i8, ptr %arg.places, i64 16
  store i64 %.2700, ptr %sunkaddr291, align 8
  %sunkaddr292 = getelementptr i8, ptr %arg.places, i64 24
  %.2716 = load i64, ptr %sunkaddr292, align 8
  %.2717 = add nsw i64 %.2716, %.13.i39
  store i64 %.2717, ptr %sunkaddr292, align 8
  %.2722 = icmp sgt i64 %.2700, 0
  br i1 %.2722, label %B3680, label %B3732.thread874
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.cttz.i64(i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.ctpop.i64(i64) #2

; Function Attrs: nofree
declare noundef i64 @pread(i32 noundef, ptr noundef captures(none), i64 noundef, i64 noundef) local_unnamed_addr #0

; Function Attrs: mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smax.i64(i64, i64) #2

; Function Attrs: mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64) #2

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: write)
declare void @llvm.assume(i1 noundef) #3

attributes #0 = { nofree }
attributes #1 = { mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #2 = { mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
attributes #3 = { nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: write) }

!0 = distinct !{!0, !1}
!1 = !{!"llvm.loop.peeled.count", i32 1}
!2 = distinct !{!2, !3}
!3 = !{!"llvm.loop.unroll.disable"}
!4 = distinct !{!4, !5}
!5 = !{!"llvm.loop.isvectorized", i32 1}
!6 = distinct !{!6, !5, !7}
!7 = !{!"llvm.loop.unroll.runtime.disable"}
!8 = !{!"branch_weights", i32 4, i32 28}
!9 = distinct !{!9, !5, !7}
!10 = distinct !{!10, !3}
