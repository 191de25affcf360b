"""The actions that the policy of a bucket, a queue or a topic may name, and what each of S3's is about. Pure.

Source: "Actions, resources, and condition keys" of S3, SQS and SNS in the Service Authorization Reference; SNS's
Receive is that of its own examples.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


OF_QUEUES = _names(
    """AddPermission CancelMessageMoveTask ChangeMessageVisibility CreateQueue DeleteMessage DeleteQueue
    GetQueueAttributes GetQueueUrl ListDeadLetterSourceQueues ListMessageMoveTasks ListQueueTags ListQueues PurgeQueue
    ReceiveMessage RemovePermission SendMessage SetQueueAttributes StartMessageMoveTask TagQueue UntagQueue"""
)
OF_TOPICS = _names(
    """AddPermission ConfirmSubscription DeleteTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic
    ListTagsForResource Publish PutDataProtectionPolicy Receive RemovePermission SetTopicAttributes Subscribe
    TagResource UntagResource"""
)
_ABOUT_BUCKETS = _names(
    """AllowVendedLogDeliveryForResource CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket
    DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
    GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
    GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
    GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock
    GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration
    GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration
    GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions ListTagsForResource
    PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS
    PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
    PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
    PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
    PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource
    UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration
    UpdateBucketMetadataJournalTableConfiguration"""
)
_ABOUT_OBJECTS = _names(
    """AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectAnnotation DeleteObjectTagging
    DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging GetObject GetObjectAcl
    GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent
    GetObjectVersion GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAnnotationForReplication
    GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent
    InitiateReplication ListMultipartUploadParts ListObjectAnnotations ListObjectVersionAnnotations
    ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectAnnotation PutObjectLegalHold PutObjectRetention
    PutObjectTagging PutObjectVersionAcl PutObjectVersionAnnotation PutObjectVersionTagging ReplicateDelete
    ReplicateObject ReplicateObjectAnnotation ReplicateTags RestoreObject UpdateObjectEncryption"""
)
OF_BUCKETS = _ABOUT_BUCKETS | _ABOUT_OBJECTS


def is_of(name: str, known: Iterable[str]) -> bool:
    """Whether the name of an action, which may have wildcards, is one of these or several."""
    return any(fnmatch.fnmatchcase(each.lower(), name.lower()) for each in known)


def without_resource(actions: Sequence[str], resources: Sequence[str]) -> str | None:
    """The first of these actions of a bucket's policy that is about none of the resources: one in a bucket has a
    slash, a bucket has none.
    """
    known: frozenset[str] = frozenset()
    for resource in resources:
        name = resource.split(":", 5)[-1]
        known |= OF_BUCKETS if name == "*" else _ABOUT_OBJECTS if "/" in name else _ABOUT_BUCKETS
    return next((each for each in actions if not is_of(each.partition(":")[2] or "*", known)), None)
