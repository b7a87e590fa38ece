import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  HttpMethods,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ENV } from '../contract/env.ts';
import { PREFIXES } from '../contract/keys.ts';
import { RETENTION_DAYS, UPLOAD } from '../contract/limits.ts';
import type { Environment } from './environment.ts';

/** Images and previews behind the CDN, and, out of its reach, what tasks were asked with. */
export class Objects extends Construct {
  readonly images: Bucket;
  readonly requests: Bucket;
  readonly cdn: Distribution;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const bucket = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    };
    // Objects go by age alone, a day after the rows that name them: also what a lost attempt had stored.
    this.images = new Bucket(this, 'Images', {
      ...bucket,
      lifecycleRules: [
        { id: 'images', prefix: PREFIXES.images, expiration: Duration.days(RETENTION_DAYS + 1) },
        { id: 'previews', prefix: PREFIXES.previews, expiration: Duration.days(1) },
      ],
    });
    this.requests = new Bucket(this, 'Requests', {
      ...bucket,
      lifecycleRules: [
        // A day more: a request is stored up to a day before its task ends, and a task that is still shown can be tried again.
        { id: 'requests', prefix: PREFIXES.requests, expiration: Duration.days(RETENTION_DAYS + 2) },
        { id: 'uploads', prefix: PREFIXES.uploads, expiration: Duration.days(UPLOAD.retentionDays) },
      ],
      // Browsers post forms here from any page: what they may store says the form's signature.
      cors: [{ allowedMethods: [HttpMethods.POST], allowedOrigins: ['*'], allowedHeaders: ['*'] }],
    });
    this.cdn = new Distribution(this, 'Cdn', {
      comment: 'Generated images',
      httpVersion: HttpVersion.HTTP2_AND_3,
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(this.images),
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        responseHeadersPolicy:
          ResponseHeadersPolicy.CORS_ALLOW_ALL_ORIGINS_WITH_PREFLIGHT_AND_SECURITY_HEADERS,
      },
    });
  }

  /** Base URL of every image, without a trailing slash. */
  get cdnUrl(): string {
    return `https://${this.cdn.distributionDomainName}`;
  }

  grantStoreImages(grantee: IGrantable): Environment {
    this.images.grantPut(grantee, `${PREFIXES.images}*`);
    this.images.grantPut(grantee, `${PREFIXES.previews}*`);
    return { [ENV.imagesBucket]: this.images.bucketName };
  }

  grantStoreRequests(grantee: IGrantable): Environment {
    this.requests.grantPut(grantee, `${PREFIXES.requests}*`);
    return { [ENV.requestsBucket]: this.requests.bucketName };
  }

  /** Store requests, and copy those that are there. */
  grantCopyRequests(grantee: IGrantable): Environment {
    const resourceArns = [this.requests.arnForObjects(`${PREFIXES.requests}*`)];
    Grant.addToPrincipal({ grantee, actions: ['s3:GetObject'], resourceArns });
    return this.grantStoreRequests(grantee);
  }

  /** Let others upload, since a form can do no more than who has signed it; and look at what they did. */
  grantUpload(grantee: IGrantable): Environment {
    const resourceArns = [this.requests.arnForObjects(`${PREFIXES.uploads}*`)];
    Grant.addToPrincipal({ grantee, actions: ['s3:PutObject', 's3:GetObject'], resourceArns });
    return { [ENV.requestsBucket]: this.requests.bucketName };
  }

  /** Requests, and what was uploaded for them. */
  grantReadRequests(grantee: IGrantable): Environment {
    this.requests.grantRead(grantee, `${PREFIXES.requests}*`);
    this.requests.grantRead(grantee, `${PREFIXES.uploads}*`);
    return { [ENV.requestsBucket]: this.requests.bucketName };
  }
}
