import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** Where instances live. Public subnets and no way in: a NAT gateway would cost more than it protects. */
export class Network extends Construct {
  readonly vpc: Vpc;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 3,
      natGateways: 0,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
      restrictDefaultSecurityGroup: false,
    });
    const { vpc } = this;
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', { vpc, description: 'No way in' });
  }
}
